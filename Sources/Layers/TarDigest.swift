internal import Hashing
internal import LayerFormat
internal import Linux
internal import OCI

/// Hashes a layer's tar with what follows the content in it.
struct TarDigest {
    /// What is hashed behind the content that segments cover.
    enum Tail: Sendable, Equatable {
        /// So many zero bytes.
        case zeros(Int64)
        /// What else the file holds: it was written with its padding.
        case file
        /// What the blob, a plain tar, has there.
        case blob
    }

    let layer: Layer

    /// A slice is hashed at a time, so that readers' work comes between.
    private static let slice: Int64 = 4 << 20

    func hash(_ tail: Tail, algorithm: ContentHasher.Algorithm) async throws -> [UInt8] {
        let hasher = Guarded(RunningHash(algorithm))
        let end = tail == .file ? try layer.files.tar.size() : layer.table.contentSize
        let file = layer.files.tar
        var offset: Int64 = 0
        while offset < end {
            try Task.checkCancellation()
            let part = offset..<min(end, offset + Self.slice)
            try await layer.parts.bench.run {
                let bytes = try file.read(at: part.lowerBound, count: part.count)
                hasher.withLock { $0.update(bytes) }
            }
            offset = part.upperBound
        }
        switch tail {
        case .zeros(let count): hasher.withLock { $0.update([UInt8](repeating: 0, count: Int(count))) }
        case .blob where end < layer.description.blobSize:
            try await layer.source.read(end..<layer.description.blobSize) { chunk in
                hasher.withLock { $0.update(chunk) }
            }
        case .blob, .file: break
        }
        return hasher.withLock { $0.finish() }
    }
}

/// A hasher that can be kept behind a lock.
struct RunningHash: ~Copyable {
    private var hasher: ContentHasher?

    init(_ algorithm: ContentHasher.Algorithm) { hasher = ContentHasher(algorithm) }

    mutating func update(_ bytes: [UInt8]) { hasher?.update(bytes) }

    /// The hash of all that came; empty the second time.
    mutating func finish() -> [UInt8] { hasher.take()?.finish() ?? [] }
}
