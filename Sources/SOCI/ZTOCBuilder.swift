internal import Gzip
internal import Hashing
package import LayerFormat
internal import OCI

/// Makes a layer's zTOC in one pass over its blob (soci.md 2.2 to 3).
///
/// The same blob and options give the same bytes, whatever the machine, its time zone, or how the blob is cut into pieces.
/// Memory grows with the zTOC only.
package final class ZTOCBuilder: LayerIndexer {
    /// What the peer's tool writes; with it, both tools make files of equal digest.
    package static let peerBuildTool = "AWS SOCI CLI v0.2"
    /// The peer's default, in bytes of content.
    package static let defaultSpanSize: Int64 = 4 << 20

    private let compression: LayerCompression
    private let spanSize: Int64
    private let buildTool: String
    private let inflater: CheckpointingInflater
    private var tar: TarReader
    private var blob = ContentHasher()
    private let hashesContent: Bool
    private var content = ContentHasher()
    private var digests = SpanDigests()
    private var entries = EntryLog()
    private var records: [[UInt8]] = []
    private var blobSize: Int64 = 0

    /// - Parameters:
    ///   - spanSize: more than so many bytes of content lie in each span but the last; exactly so many for a plain tar.
    ///   - hashesContent: whether it says the diffID.
    package init(
        compression: LayerCompression, spanSize: Int64 = defaultSpanSize, buildTool: String = peerBuildTool,
        limits: LayerLimits = .standard, hashesContent: Bool = true
    ) {
        precondition(spanSize > 0, "a span holds something")
        self.compression = compression
        self.spanSize = spanSize
        self.buildTool = buildTool
        self.hashesContent = hashesContent
        inflater = CheckpointingInflater(spanSize: spanSize)
        tar = TarReader(limits: limits)
    }

    package func feed(_ compressed: [UInt8], _ produce: ([UInt8]) throws -> Void) throws {
        blob.update(compressed)
        switch compression {
        case .gzip: try inflate(compressed, produce)
        case .none: try split(compressed, produce)
        }
        digests.endPiece(compressed)
        blobSize += Int64(compressed.count)
    }

    package func finish() throws -> IndexedLayer {
        if compression == .gzip {
            do throws(GzipError) {
                try inflater.finish()
            } catch {
                throw LayerFormatError(.malformed, error.message)
            }
        }
        try tar.finish()
        guard compression == .gzip || blobSize > 0 else {
            throw LayerFormatError(.malformed, "the layer is an empty file, not even an empty tar")
        }
        let blobDigest = Digest(sha256: Self.take(&blob).finish())
        let isGzip = compression == .gzip
        let checkpoints =
            isGzip
            ? [blobHeader()] + records : [try ZTOCWriter.tarZinfo(spanSize: spanSize, size: blobSize)]
        records = []
        var diffID: Digest?
        if hashesContent { diffID = isGzip ? Digest(sha256: Self.take(&content).finish()) : blobDigest }
        let contents = ZTOCContents(
            buildTool: buildTool, compression: compression, blobSize: blobSize, contentSize: tar.contentEnd,
            entries: entries, digests: takeDigests(), checkpoints: checkpoints)
        entries = EntryLog()
        return IndexedLayer(
            pieces: try ZTOCWriter.write(contents), blobDigest: blobDigest, blobSize: blobSize,
            diffID: diffID, tarSize: isGzip ? inflater.contentCount : blobSize)
    }

    private func inflate(_ compressed: [UInt8], _ produce: ([UInt8]) throws -> Void) throws {
        do {
            try inflater.feed(
                compressed,
                content: { bytes in
                    if hashesContent { content.update(bytes) }
                    try tar.feed(bytes) { entries.append($0) }
                    try produce(bytes)
                },
                checkpoint: { checkpoint in
                    digests.startSpan(
                        at: Int(checkpoint.compressedOffset - blobSize), of: compressed,
                        sharesByte: checkpoint.bits != 0)
                    records.append(Self.record(checkpoint))
                })
        } catch let error as GzipError {
            throw LayerFormatError(.malformed, error.message)
        }
    }

    private func split(_ bytes: [UInt8], _ produce: ([UInt8]) throws -> Void) throws {
        var start = blobSize % spanSize == 0 ? blobSize : blobSize + spanSize - blobSize % spanSize
        while start < blobSize + Int64(bytes.count) {
            digests.startSpan(at: Int(start - blobSize), of: bytes, sharesByte: false)
            start += spanSize
        }
        try tar.feed(bytes) { entries.append($0) }
        if !bytes.isEmpty { try produce(bytes) }
    }

    private func blobHeader() -> [UInt8] {
        LittleEndian.bytes(Int64(records.count), count: 4) + LittleEndian.bytes(spanSize, count: 8)
    }

    private static func record(_ checkpoint: Checkpoint) -> [UInt8] {
        var record: [UInt8] = []
        record.reserveCapacity(ZTOCLayout.CheckpointBlob.recordSize)
        record += LittleEndian.bytes(checkpoint.compressedOffset, count: 8)
        record += LittleEndian.bytes(checkpoint.contentOffset, count: 8)
        record.append(checkpoint.bits)
        record += repeatElement(0, count: Checkpoint.windowSize - checkpoint.window.count)
        record += checkpoint.window
        return record
    }

    private func takeDigests() -> [UInt8] {
        var taken = SpanDigests()
        swap(&taken, &digests)
        return taken.finish()
    }

    private static func take(_ hasher: inout ContentHasher) -> ContentHasher {
        var taken = ContentHasher()
        swap(&taken, &hasher)
        return taken
    }
}
