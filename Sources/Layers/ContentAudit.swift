internal import Hashing
internal import LayerFormat
internal import Linux
internal import OCI

/// Reads a blob from its first byte and compares what it decodes to with what the layer's tar holds.
struct ContentAudit {
    let layer: Layer

    private struct Comparison {
        let indexer: any LayerIndexer
        var offset: Int64 = 0
        /// Where content first differs.
        var difference: Int64?

        mutating func take(_ chunk: [UInt8], _ layer: Layer) throws {
            let contentSize = layer.table.contentSize
            let tar = layer.files.tar
            try indexer.feed(chunk) { content in
                let known = Int(min(Int64(content.count), max(0, contentSize - offset)))
                if difference == nil, known > 0 {
                    let ours = try tar.read(at: offset, count: known)
                    if !content.starts(with: ours) || ours.count < known { difference = offset }
                }
                offset += Int64(content.count)
            }
        }
    }

    func verdict() async throws -> DiffIDCheck.Verdict {
        let description = layer.description
        let blob = WholeBlob(
            source: layer.source, digest: description.blob, priority: .background, parts: layer.parts, isPausable: true)
        let layer = layer
        let result = try await blob.stream {
            let indexer = try layer.parts.format.makeIndexer(compression: description.compression, hashesContent: true)
            let comparison = Guarded(Comparison(indexer: indexer))
            return WholeBlob.Consumer { chunks in
                try comparison.withLock { comparison in for chunk in chunks { try comparison.take(chunk, layer) } }
            } finish: {
                try comparison.withLock { ($0.difference, $0.offset, try $0.indexer.finish()) }
            }
        }
        let (difference, length, indexed) = result
        guard description.blob.algorithm != .sha256 || indexed.blobDigest == description.blob else {
            return .unknown("the source sent bytes with digest \(indexed.blobDigest) for the blob")
        }
        if let difference { return .wrong("content differs from the blob's at or behind byte \(difference)") }
        guard length >= layer.table.contentSize else { return .wrong("the blob decodes to only \(length) bytes") }
        guard indexed.diffID == description.diffID else {
            let found = indexed.diffID?.description ?? "unknown content"
            return .unknown("the blob decodes to \(found), its image's config says \(description.diffID)")
        }
        return .holds
    }
}
