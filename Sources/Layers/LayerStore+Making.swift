internal import LayerFormat
internal import Linux
package import OCI
internal import Synchronization

extension LayerStore {
    /// Makes a layer readable at once: its bytes come when they are asked for.
    ///
    /// A layer that is here already, or is being made by somebody else, is that layer.
    /// - Parameter path: the file with the table of contents, on the store's volume; the caller has checked its digest. The layer keeps it
    ///   under a name of its own.
    /// - Throws: `LayerError.unusableTableOfContents` if it is gone or not one for this layer, `.poisoned` if the layer is here and its table of
    ///   contents was shown to be wrong (`prefetch` replaces it), `.diskFull`, `.disk`.
    package func prepare(
        _ description: LayerDescription, tableOfContentsAt path: String, source: any BlobSource
    ) async throws -> Layer {
        try await make(description, source, isPrefetch: false) { _ in
            try await self.parts.bench.run { try self.prepareNow(description, path, source) }
        }
    }

    /// Brings all of a layer and checks it: blob digest and diffID, or segment digests and diffID where it was streaming already.
    ///
    /// Whoever asks meanwhile waits for the same work; when all have been cancelled it stops, and nothing of it is kept (of a layer that was
    /// streaming, all). Leaves a table of contents behind, so that the layer can stream the next time.
    /// - Throws: `LayerError`, `BlobError`, `CancellationError`.
    package func prefetch(_ description: LayerDescription, source: any BlobSource) async throws -> Layer {
        while true {
            let layer = try await make(description, source, isPrefetch: true) { received in
                let work = Prefetch(store: self, description: description, source: source, received: received)
                return try await work.run()
            }
            do {
                try await layer.complete(.prefetch, isGentle: false)
                return layer
            } catch let error as LayerError where error.code == .poisoned {
                // Its table of contents is no good: the blob itself is.
                continue
            }
        }
    }

    /// The layer if it is here and usable; else joins who makes it; else makes it. A poisoned layer is replaced by the one that is made, so
    /// that no two callers do it.
    private func make(
        _ description: LayerDescription, _ source: any BlobSource, isPrefetch: Bool,
        _ work: @escaping @Sendable (Counter) async throws -> Layer
    ) async throws -> Layer {
        var poisoned: Layer?
        while true {
            try Task.checkCancellation()
            // The compiler crashes where the closure captures the variable.
            let replaced = poisoned
            let (layer, making, isNew) = try state.withLock { state -> (Layer?, Making?, Bool) in
                // Behind the lock: what is entered from here on, the store's end finds.
                if parts.isStopped { throw LayerError(.unavailable, "the layer store has stopped") }
                if let making = state.flights[description.blob] { return (nil, making, false) }
                if let layer = state.layers[description.blob], layer !== replaced { return (layer, nil, false) }
                let making = Making(
                    flight: Flight(), isPrefetch: isPrefetch, received: Counter(), blobSize: description.blobSize)
                state.flights[description.blob] = making
                return (nil, making, true)
            }
            if let layer {
                guard case .poisoned = layer.progress.state else {
                    layer.setSource(source)
                    return layer
                }
                guard isPrefetch else { throw LayerError(.poisoned, layer.progress.trouble ?? "layer is poisoned") }
                poisoned = layer
                continue
            }
            guard let making else { continue }
            if isNew { parts.start { await self.carryOut(making, description.blob, work) } }
            do {
                return try await making.flight.join()
            } catch is Flight<Layer>.Abandoned {
                continue
            }
        }
    }

    private func carryOut(
        _ making: Making, _ blob: Digest, _ work: @escaping @Sendable (Counter) async throws -> Layer
    ) async {
        let result: Result<Layer, any Error>
        do {
            let layer = try await making.flight.breaker.run { try await work(making.received) }
            enter(layer)
            result = .success(layer)
        } catch is CancellationError {
            let message = "layer \(blob) was removed while it was made"
            result = .failure(
                parts.isStopped
                    ? LayerError(.unavailable, "the layer store has stopped") : LayerError(.removed, message))
        } catch let error as BlobError {
            result = .failure(error)
        } catch {
            let error = LayerError(describing: error, blob)
            if error.code == .diskFull { parts.noteFullDisk(error.message) }
            result = .failure(error)
        }
        state.withLock { $0.flights[blob] = nil }
        making.flight.settle(result)
    }

    private static func link(_ tableOfContents: String, into directory: String) throws {
        do {
            try File(tableOfContents).sync()
            try Path.link(tableOfContents, to: LayerFiles.tableOfContentsPath(directory))
        } catch {
            guard error.errno == .noEntry else { throw error }
            throw LayerFormatError(.malformed, "its table of contents is not at \(tableOfContents) any more")
        }
        try Directory.sync(directory)
    }

    private func prepareNow(
        _ description: LayerDescription, _ tableOfContents: String, _ source: any BlobSource
    ) throws -> Layer {
        // What a run before left may hold most of the layer.
        if let layer = try? restore(description, source: source) {
            guard case .poisoned = layer.progress.state else { return layer }
            throw LayerError(.poisoned, layer.progress.trouble ?? "layer is poisoned")
        }
        let directory = path(description.blob)
        do {
            try Directory.removeTree(directory)
            try Directory.create(directory)
            try Self.link(tableOfContents, into: directory)
            let layer = try open(description, source: source)
            // A tree that cannot be made is found here, where the pull can still do without.
            _ = try layer.tree()
            return layer
        } catch {
            _ = try? Directory.removeTree(directory)
            throw LayerError(describing: error, description.blob)
        }
    }
}
