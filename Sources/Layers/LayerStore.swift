package import LayerFormat
package import Logging
package import OCI
internal import Synchronization

/// The layers of a node: prepared for streaming or fetched whole, filled, checked, removed; kept over restarts.
///
/// Nothing is fetched unless `run()` runs.
package final class LayerStore: Sendable, LayerDirectory {
    struct State: Sendable {
        var layers: [Digest: Layer] = [:]
        var slots: [UInt32: Layer] = [:]
        /// Layers that are being made.
        var flights: [Digest: Making] = [:]
    }

    /// A layer that is being prepared or fetched whole.
    struct Making: Sendable {
        var flight: Flight<Layer>
        var isPrefetch: Bool
        var received: Counter
        var blobSize: Int64
    }

    final class Counter: Sendable {
        private let count = Atomic<Int>(0)
        func add(_ bytes: Int) { count.add(bytes, ordering: .relaxed) }
        var value: Int64 { Int64(count.load(ordering: .relaxed)) }
    }

    /// Where the layers lie, one directory each, named by the hex of the blob's digest.
    package let directory: String
    let parts: StoreParts
    let state = Mutex(State())

    /// Does nothing yet.
    /// - Parameters:
    ///   - directory: made when the first layer is.
    ///   - borrower: who has layers read past the store; nil if nobody does.
    package init(
        directory: String, format: any TableOfContentsFormat, options: LayerStoreOptions = LayerStoreOptions(),
        borrower: (any LayerBorrower)? = nil, logger: Logger
    ) {
        self.directory = directory
        parts = StoreParts(format: format, options: options, borrower: borrower, logger: logger)
    }

    /// Does the store's work: transfers, read-ahead, fill. Ends when its task is cancelled, having noted on the disk what is there; the
    /// store cannot run again after that.
    package func run() async throws {
        await withDiscardingTaskGroup { group in
            group.addTask { await self.parts.keepTime() }
            group.addTask { await self.keepUses() }
            for await work in parts.works {
                group.addTask { await work() }
            }
            parts.stop()
            group.cancelAll()
        }
        await stopped()
    }

    /// What happened to layers, for one observer; the oldest are dropped if it does not read.
    package var events: AsyncStream<LayerEvent> { parts.events }

    /// Says, for one observer, that the cache has grown by some megabytes, or could not for want of space.
    package var growth: AsyncStream<Void> { parts.growth }

    package func layer(_ blob: Digest) -> Layer? { state.withLock { $0.layers[blob] } }

    /// All that can be read.
    package var layers: [Layer] { state.withLock { Array($0.layers.values) } }

    package func layer(slot: UInt32) -> (any LayerReader)? { state.withLock { $0.slots[slot] } }

    package func slots() -> [UInt32] { state.withLock { $0.slots.keys.sorted() } }

    /// How far a layer is, also while it is fetched whole and cannot be read yet; nil if it is not here.
    package func progress(of blob: Digest) -> LayerProgress? {
        let (layer, making) = state.withLock { ($0.layers[blob], $0.flights[blob]) }
        if let layer, making == nil { return layer.progress }
        guard let making else { return nil }
        return LayerProgress(blobBytesFetched: making.received.value, blobSize: making.blobSize, state: .prefetching)
    }

    /// Newer credentials: reads from now on use `source`. Without such a layer nothing happens.
    package func setSource(_ source: any BlobSource, of blob: Digest) { layer(blob)?.setSource(source) }

    func path(_ blob: Digest) -> String { directory + "/" + blob.hex }

    /// Makes `layer` known under its digest and slot.
    func enter(_ layer: Layer) {
        state.withLock { state in
            state.layers[layer.description.blob] = layer
            state.slots[layer.description.slot] = layer
        }
    }
}
