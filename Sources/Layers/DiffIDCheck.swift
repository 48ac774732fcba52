internal import LayerFormat
internal import OCI
internal import Synchronization

/// Tells whether a layer whose segments are all here has the diffID that the image's config claims.
///
/// The diffID covers the tar to its last byte; a table of contents covers it only to the end of the second zero block (soci.md 1.5).
/// What follows is zeros in practice, so their number is all that is missing: the gzip trailer tells it for a blob of one member, tar
/// writers pad to 10240 bytes or not at all. Where none of these gives the diffID, the blob is read once more from its first byte and
/// compared with what is here: that decides whether the table was wrong.
struct DiffIDCheck {
    enum Verdict: Sendable, Equatable {
        case holds
        /// Content differs from what the blob decodes to.
        case wrong(String)
        /// The content is right as far as is known, and yet its digest cannot be told.
        case unknown(String)
    }

    let layer: Layer

    /// More padding than any tar writer makes: its blocking factor is at most some thousands of 512 bytes.
    private static let maxPadding: Int64 = 16 << 20

    /// - Throws: `BlobError`, `LinuxError` if it could not be found out now.
    func verdict() async throws -> Verdict {
        let description = layer.description
        guard description.compression == .gzip else {
            if try await matches(.blob) { return .holds }
            // Every byte of a plain tar is bound to the blob's digest through the segments' digests, if those are the blob's.
            return try await ContentAudit(layer: layer).verdict()
        }
        var tried: Set<Int64> = []
        // A source that fails here is no reason not to try the rest.
        for padding in [try? await paddingByTrailer(), Self.paddingToRecord(layer.table.contentSize), 0] {
            guard let padding, tried.insert(padding).inserted else { continue }
            if try await matches(.zeros(padding)) { return .holds }
        }
        return try await ContentAudit(layer: layer).verdict()
    }

    private func matches(_ tail: TarDigest.Tail) async throws -> Bool {
        let wanted = layer.description.diffID
        return try await TarDigest(layer: layer).hash(tail, algorithm: wanted.algorithm) == wanted.bytes
    }

    /// RFC 1952 2.3.1: the last four bytes are the member's length modulo 2³².
    private func paddingByTrailer() async throws -> Int64? {
        let size = layer.description.blobSize
        let known = layer.state.withLock(\.trailer)
        if known.count == 4 { return Self.padding(contentSize: layer.table.contentSize, trailer: known) }
        guard size >= 18 else { return nil }
        let trailer = Guarded<[UInt8]>([])
        try await layer.source.read(size - 4..<size) { chunk in trailer.withLock { $0 += chunk } }
        return trailer.withLock { Self.padding(contentSize: layer.table.contentSize, trailer: $0) }
    }

    static func padding(contentSize: Int64, trailer: [UInt8]) -> Int64? {
        guard trailer.count == 4 else { return nil }
        let length = trailer.reversed().reduce(Int64(0)) { $0 << 8 | Int64($1) }
        let padding = (length - contentSize) & 0xffff_ffff
        return padding <= maxPadding ? padding : nil
    }

    static func paddingToRecord(_ contentSize: Int64) -> Int64 { (10240 - contentSize % 10240) % 10240 }
}
