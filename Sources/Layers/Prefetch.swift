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
            await store.replace(layer)
        }
        do {
            return try await fetch()
        } catch {
            // Whoever asks again should get them from somebody else.
            if error.tellsOfWrongBytes { source.foundWrong(0..<description.blobSize) }
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
                    indexer: try store.parts.format.makeIndexer(
                        compression: description.compression, hashesContent: false), tar: tar,
                    description: description, parts: store.parts))
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
    private let writer: TarWriter
    private let description: LayerDescription
    private let parts: StoreParts
    private var decoded: Int64 = 0
    /// From where on the volume is to be looked at again.
    private var nextLook: Int64 = 0
    /// The indexer hashes with SHA-256; a digest of the other kind needs its own pass.
    private var blobHash: RunningHash?

    /// Bytes that may be written between two looks at the volume.
    private static let step: Int64 = 16 << 20

    init(indexer: any LayerIndexer, tar: File, description: LayerDescription, parts: StoreParts) {
        self.indexer = indexer
        self.tar = tar
        self.parts = parts
        self.description = description
        writer = TarWriter(tar, algorithm: description.diffID.algorithm, bench: parts.bench)
        if description.blob.algorithm != .sha256 { blobHash = RunningHash(description.blob.algorithm) }
    }

    mutating func take(_ chunk: [UInt8]) throws {
        blobHash?.update(chunk)
        if decoded >= nextLook {
            try checkRoom()
            nextLook = decoded + Self.step
        }
        let before = decoded
        try indexer.feed(chunk) { content in
            try writer.put(content)
            decoded += Int64(content.count)
        }
        parts.noteWritten(Int(decoded - before))
    }

    /// How large a layer becomes is known only when it is here; so the volume is asked while it comes.
    private func checkRoom() throws {
        let room = try parts.adjusted.reserve.room(above: Path.parent(of: tar.path))
        guard room < 0 else { return }
        throw LayerError(
            .diskFull,
            """
            layer \(description.blob) needs more than \(decoded >> 20) MiB, and the volume is \(-room >> 20) MiB below what is reserved \
            on it (cache.evictionThreshold); free space, or stream the image
            """)
    }

    mutating func finish() throws -> IndexedLayer {
        let indexed = try indexer.finish()
        let blob = blobHash?.finish() ?? indexed.blobDigest.bytes
        guard indexed.blobSize == description.blobSize, blob == description.blob.bytes else {
            parts.metrics.verificationFailures[.blob].add()
            throw BlobError(.corrupt, "the source sent other bytes than those of \(description.blob)")
        }
        let content = Digest(description.diffID.algorithm, hash: try writer.finish())
        guard content == description.diffID else {
            parts.metrics.verificationFailures[.diffID].add()
            throw LayerError(
                .mismatch,
                "layer \(description.blob) decodes to \(content), its image's config says \(description.diffID)")
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
        // Whoever had it fetched is about to read it.
        let tick = parts.tick
        if table.contentSize > 0 { uses.note(0..<table.contentSize, tick) }
        unreadTick.store(tick, ordering: .relaxed)
        becomeWhole(uncheckedReason: nil)
        parts.report(.complete(description.blob))
    }
}

extension Error {
    /// What does not decode is most likely not what was pushed.
    fileprivate var tellsOfWrongBytes: Bool { self is LayerFormatError || (self as? BlobError)?.code == .corrupt }
}
