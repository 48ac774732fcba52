internal import Hashing
internal import LayerFormat
internal import OCI

extension SpanTable {
    struct Reading {
        var spans: SpanTable
        var spanSize: Int64
        var compression: LayerCompression
    }

    static func read(
        _ table: FlatBufferReader.Table, _ reader: inout FlatBufferReader, _ file: any RandomAccessBytes,
        blobSize: Int64, contentSize: Int64
    ) throws -> Reading {
        typealias Field = ZTOCLayout.Compression
        let algorithm = try reader.int8(table, Field.algorithm, default: Field.gzip)
        let blob = try reader.byteRange(table, Field.checkpoints) ?? 0..<0
        var spans = SpanTable()
        let spanSize: Int64
        switch algorithm {
        case Field.gzip: spanSize = try spans.readCheckpoints(file, blob)
        case Field.none: spanSize = try spans.readPlain(reader.bytes, blob, blobSize: blobSize)
        default: throw LayerFormatError(.unsupported, "the zTOC is for an unknown compression, number \(algorithm)")
        }
        let lastSpan = Int32(bitPattern: try reader.uint32(table, Field.lastSpan))
        guard Int(lastSpan) == spans.count - 1 else {
            throw LayerFormatError(
                .malformed, "the zTOC has \(spans.count) checkpoints but says that \(lastSpan) is the last span")
        }
        try spans.readDigests(table, reader)
        try spans.check(blobSize: blobSize, contentSize: contentSize, isGzip: algorithm == Field.gzip)
        return Reading(spans: spans, spanSize: spanSize, compression: algorithm == Field.gzip ? .gzip : .none)
    }

    /// Reads offsets and bits out of the checkpoint blob, not the windows. Gives the span size.
    private mutating func readCheckpoints(_ file: any RandomAccessBytes, _ blob: Range<Int64>) throws -> Int64 {
        typealias Layout = ZTOCLayout.CheckpointBlob
        let length = blob.upperBound - blob.lowerBound
        guard length >= Layout.headerSize else {
            throw LayerFormatError(.malformed, "the zTOC's checkpoints have only \(length) bytes")
        }
        let header = try file.bytes(in: blob.lowerBound..<blob.lowerBound + Int64(Layout.headerSize))
        let have = Int64(Int32(truncatingIfNeeded: LittleEndian.integer(header, 0, 4)))
        let spanSize = LittleEndian.integer(header, 4, 8)
        let whole = Int64(Layout.headerSize) + Int64(Layout.recordSize) * have
        guard have >= 0, have <= ZTOC.maximumSpanCount,
            length == whole || (have > 0 && length == whole - Int64(Layout.recordSize))
        else {
            throw LayerFormatError(.malformed, "the zTOC says it has \(have) checkpoints, in \(length) bytes")
        }
        let records = CheckpointRecords(start: blob.lowerBound, isFirstImplied: length != whole)
        for number in 0..<Int(have) {
            guard let position = records.position(number) else {
                append(input: 10, output: 0, bits: 0)
                continue
            }
            let fields = try file.bytes(in: position..<position + Int64(Layout.fieldsSize))
            append(
                input: LittleEndian.integer(fields, 0, 8), output: LittleEndian.integer(fields, 8, 8), bits: fields[16])
        }
        self.records = records
        return spanSize
    }

    /// Makes the spans of a plain tar out of its `TarZinfo` (soci.md 2.7). Gives the span size.
    private mutating func readPlain(_ bytes: PagedBytes, _ blob: Range<Int64>, blobSize: Int64) throws -> Int64 {
        typealias Field = ZTOCLayout.TarZinfo
        var reader = FlatBufferReader(bytes, base: blob.lowerBound)
        let table = try reader.root()
        let version = try reader.uint32(table, Field.version)
        let spanSize = try reader.int64(table, Field.spanSize)
        let size = try reader.int64(table, Field.size)
        guard version == Field.currentVersion, spanSize > 0, size == blobSize else {
            throw LayerFormatError(
                .malformed,
                "the zTOC of a plain tar says version \(version), spans of \(spanSize), a tar of \(size) bytes")
        }
        let count = size / spanSize + (size % spanSize == 0 ? 0 : 1)
        guard count <= ZTOC.maximumSpanCount else {
            throw LayerFormatError(.tooLarge, "the zTOC has \(count) spans; at most \(ZTOC.maximumSpanCount) are read")
        }
        for number in 0..<count { append(input: number * spanSize, output: number * spanSize, bits: 0) }
        return spanSize
    }

    private mutating func append(input: Int64, output: Int64, bits: UInt8) {
        inputs.append(input)
        outputs.append(output)
        self.bits.append(bits)
    }

    private mutating func readDigests(_ table: FlatBufferReader.Table, _ reader: FlatBufferReader) throws {
        let list = try reader.vector(table, ZTOCLayout.Compression.digests)
        guard (list?.count ?? 0) == count else {
            throw LayerFormatError(.malformed, "the zTOC has \(count) spans but \(list?.count ?? 0) digests")
        }
        guard let list else { return }
        digests.reserveCapacity(count * 32)
        for number in 0..<count {
            let text = String(decoding: try reader.string(list, at: number, limit: 256), as: UTF8.self)
            guard let digest = try? Digest(text), digest.algorithm == .sha256 else {
                throw LayerFormatError(.malformed, "the zTOC's digest of span \(number) is not a SHA-256")
            }
            digests += digest.bytes
        }
    }
}
