package import LayerFormat

/// A zTOC: what is in one layer, and where its blob can be decoded from (soci.md 1 to 3).
///
/// Holds the flat tables of spans only. Windows are read from the file when a span is decoded, entries when they are visited.
package struct ZTOC: Sendable {
    /// Files above this are refused: 1 GiB (soci.md 9.1).
    package static let maximumFileSize: Int64 = 1 << 30
    /// Spans above this are refused: 4 TiB of content at the usual span size.
    package static let maximumSpanCount = 1 << 20
    /// No byte of deflate gives more bytes of content: a match of 258 takes two bits.
    private static let deflateRatio: Int64 = 1032

    /// Free text of the tool that made it.
    package let buildTool: String
    package let compression: LayerCompression
    /// Size of the layer blob it was made from, in bytes.
    package let blobSize: Int64
    /// Where the tar ends: behind its second zero block.
    package let contentSize: Int64
    /// Content bytes of a span as asked for when it was made.
    package let spanSize: Int64
    /// Entries of the tar; extended headers aren't any.
    package let entryCount: Int

    let file: any RandomAccessBytes
    let spans: SpanTable
    let limits: LayerLimits

    /// Reads and checks all but the entries, which `forEachEntry` checks.
    /// - Throws: `LayerFormatError` for what breaks soci.md part 9, or what reading `file` throws.
    package init(_ file: any RandomAccessBytes, limits: LayerLimits = .standard) throws {
        guard file.size <= Self.maximumFileSize else {
            throw LayerFormatError(
                .tooLarge, "the zTOC has \(file.size) bytes; at most \(Self.maximumFileSize) are read")
        }
        self.file = file
        self.limits = limits
        var reader = FlatBufferReader(PagedBytes(file))
        let root = try reader.root()
        let version = try reader.string(root, ZTOCLayout.Root.version, limit: 64)
        guard version == ZTOCLayout.version else {
            throw LayerFormatError(
                .unsupported, "the zTOC has version '\(String(decoding: version, as: UTF8.self))'; only 0.9 is known")
        }
        let tool = try reader.string(root, ZTOCLayout.Root.buildTool, limit: 65536)
        buildTool = String(decoding: tool, as: UTF8.self)
        blobSize = try reader.int64(root, ZTOCLayout.Root.blobSize)
        contentSize = try reader.int64(root, ZTOCLayout.Root.contentSize)
        guard blobSize >= 0, contentSize >= 0, contentSize <= limits.contentSize,
            contentSize / Self.deflateRatio <= blobSize
        else {
            throw LayerFormatError(
                .malformed, "the zTOC claims a blob of \(blobSize) and a tar of \(contentSize) bytes")
        }
        guard let information = try reader.table(root, ZTOCLayout.Root.compression) else {
            throw LayerFormatError(.malformed, "the zTOC has no compression information")
        }
        let reading = try SpanTable.read(
            information, &reader, file, blobSize: blobSize, contentSize: contentSize)
        (spans, spanSize, compression) = (reading.spans, reading.spanSize, reading.compression)
        entryCount = try EntryList(&reader, limits)?.count ?? 0
    }

    /// Visits all entries in tar order.
    /// - Throws: `LayerFormatError` for an entry that breaks soci.md 9.3 or 9.7, what reading the file throws, or what `body` throws.
    package func forEachEntry(_ body: (TarEntry) throws -> Void) throws {
        var reader = FlatBufferReader(PagedBytes(file))
        guard let list = try EntryList(&reader, limits) else { return }
        let order = try list.tarOrder(&reader)
        for index in 0..<list.count {
            let entry = try list.entry(at: order.map { Int($0[index]) } ?? index, &reader)
            if entry.kind == .regular {
                let (end, overflow) = entry.contentOffset.addingReportingOverflow(entry.storedSize)
                guard !overflow, end <= contentSize else {
                    throw LayerFormatError(
                        .malformed,
                        "the zTOC's entry '\(entry.printableName)' ends behind the tar's end at \(contentSize)")
                }
            }
            try body(entry)
        }
    }
}
