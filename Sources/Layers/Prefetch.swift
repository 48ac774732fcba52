internal import Hashing
internal import LayerFormat
internal import Linux
internal import OCI
internal import Synchronization
internal import Telemetry

/// Fetches one blob whole, in order, through an indexer: writes the tar, checks both digests, leaves a table of contents.
struct Prefetch: Sendable {
    let store: LayerStore
    let description: LayerDescription
    let source: any BlobSource
    let received: LayerStore.Counter

    private var directory: String { store.path(description.blob) }

    /// - Throws: with the layer's directory removed.
    func run() async throws -> Layer {
        // What a run before left is worth more than fetching all again.
        if let layer = try? await store.parts.bench.run({ try store.restore(description, source: source) }) {
            if layer.progress.state != .poisoned { return layer }
            await store.remove(description.blob)
        }
        do {
            return try await fetch()
        } catch {
            let directory = directory
            _ = try? await store.parts.bench.run { try Directory.removeTree(directory) }
            throw error
        }
    }

    private func fetch() async throws -> Layer {
        let received = received
        let blob = WholeBlob(source: source, digest: description.blob, priority: .prefetch, parts: store.parts) {
            received.add($0)
        }
        let indexed = try await blob.stream {
            try Directory.removeTree(directory)
            try Directory.create(directory)
            let tar = try File(LayerFiles.tarPath(directory), .createExclusive)
            let intake = Guarded(
                PrefetchIntake(
                    indexer: try store.parts.format.makeIndexer(compression: description.compression), tar: tar,
                    description: description, metrics: store.parts.metrics))
            return WholeBlob.Consumer { chunks in
                try intake.withLock { intake in for chunk in chunks { try intake.take(chunk) } }
            } finish: {
                try intake.withLock { try $0.finish() }
            }
        }
        return try await store.parts.bench.run {
            try Path.replace(LayerFiles.tableOfContentsPath(directory), with: indexed.pieces)
            let layer = try store.open(description, source: source)
            try layer.journal.append(.filled)
            layer.arrivedWhole(fetched: received.value)
            return layer
        }
    }
}

/// The state of a prefetch between two batches of bytes.
private struct PrefetchIntake: ~Copyable {
    private let indexer: any LayerIndexer
    private let tar: File
    private let description: LayerDescription
    private let metrics: LayerMetrics
    private var written: Int64 = 0
    /// The indexer hashes with SHA-256; a digest of the other kind needs its own pass.
    private var blobHash: RunningHash?
    private var contentHash: RunningHash?

    init(indexer: any LayerIndexer, tar: File, description: LayerDescription, metrics: LayerMetrics) {
        self.indexer = indexer
        self.tar = tar
        self.description = description
        self.metrics = metrics
        if description.blob.algorithm != .sha256 { blobHash = RunningHash(description.blob.algorithm) }
        if description.diffID.algorithm != .sha256 { contentHash = RunningHash(description.diffID.algorithm) }
    }

    mutating func take(_ chunk: [UInt8]) throws {
        blobHash?.update(chunk)
        try indexer.feed(chunk) { content in
            contentHash?.update(content)
            try tar.write(content, at: written)
            written += Int64(content.count)
        }
    }

    mutating func finish() throws -> IndexedLayer {
        let indexed = try indexer.finish()
        let blob = blobHash?.finish() ?? indexed.blobDigest.bytes
        guard indexed.blobSize == description.blobSize, blob == description.blob.bytes else {
            metrics.verificationFailures[.blob].add()
            throw BlobError(.corrupt, "the source sent other bytes than those of \(description.blob)")
        }
        let content = contentHash?.finish() ?? indexed.diffID.bytes
        guard content == description.diffID.bytes else {
            metrics.verificationFailures[.diffID].add()
            throw LayerError(
                .mismatch,
                "layer \(description.blob) decodes to \(indexed.diffID), its image's config says \(description.diffID)")
        }
        return indexed
    }
}

extension Layer {
    /// A prefetch wrote and checked all of the tar.
    fileprivate func arrivedWhole(fetched: Int64) {
        state.withLock { state in
            for number in 0..<table.segmentCount { state.segments.set(number, .present) }
            state.blobBytesFetched = fetched
        }
        becomeWhole(uncheckedReason: nil)
        parts.report(.complete(description.blob))
    }
}
