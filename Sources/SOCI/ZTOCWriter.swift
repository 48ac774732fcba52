internal import LayerFormat
internal import OCI

/// Everything a zTOC file is made of.
struct ZTOCContents {
    var buildTool: String
    var compression: LayerCompression
    var blobSize: Int64
    var contentSize: Int64
    var entries: EntryLog
    /// 32 bytes a span.
    var digests: [UInt8]
    /// The checkpoint blob, in pieces.
    var checkpoints: [[UInt8]]
}

/// Writes a zTOC byte for byte as the peer's tool does (soci.md 1.7). The checkpoint blob is not copied.
struct ZTOCWriter {
    private var buffer = FlatBufferWriter()

    /// The file in pieces.
    static func write(_ contents: consuming ZTOCContents) throws(LayerFormatError) -> [[UInt8]] {
        var writer = ZTOCWriter()
        let checkpoints = contents.checkpoints
        let output = try writer.write(contents)
        return output.head + checkpoints + output.tail
    }

    /// The checkpoint blob of a plain tar (soci.md 2.7).
    static func tarZinfo(spanSize: Int64, size: Int64) throws(LayerFormatError) -> [UInt8] {
        typealias Field = ZTOCLayout.TarZinfo
        var buffer = FlatBufferWriter()
        var table = buffer.startTable(slots: Field.count)
        buffer.add(&table, Field.version, uint32: Field.currentVersion)
        buffer.add(&table, Field.spanSize, int64: spanSize)
        buffer.add(&table, Field.size, int64: size)
        let root = buffer.endTable(table)
        return Array(try buffer.finish(root: root).head.joined())
    }

    private mutating func write(
        _ contents: consuming ZTOCContents
    ) throws(LayerFormatError) -> FlatBufferWriter.Output {
        typealias Field = ZTOCLayout.Root
        let version = buffer.string(ZTOCLayout.version)
        let buildTool = buffer.string(Array(contents.buildTool.utf8))
        let toc = tableOfContents(&contents.entries)
        let compression = compressionInformation(contents)
        var root = buffer.startTable(slots: Field.count)
        buffer.add(&root, Field.version, version)
        buffer.add(&root, Field.buildTool, buildTool)
        buffer.add(&root, Field.toc, toc)
        buffer.add(&root, Field.blobSize, int64: contents.blobSize)
        buffer.add(&root, Field.contentSize, int64: contents.contentSize)
        buffer.add(&root, Field.compression, compression)
        let end = buffer.endTable(root)
        return try buffer.finish(root: end)
    }

    private mutating func tableOfContents(_ entries: inout EntryLog) -> FlatBufferWriter.Offset {
        var offsets: [FlatBufferWriter.Offset] = []
        offsets.reserveCapacity(entries.count)
        while let entry = entries.popLast() { offsets.append(write(entry)) }
        offsets.reverse()
        let list = buffer.vector(offsets)
        var table = buffer.startTable(slots: ZTOCLayout.Contents.count)
        buffer.add(&table, ZTOCLayout.Contents.entries, list)
        return buffer.endTable(table)
    }

    private mutating func write(_ entry: TarEntry) -> FlatBufferWriter.Offset {
        typealias Field = ZTOCLayout.Entry
        let name = buffer.string(entry.name)
        let type = buffer.string(EntryType.text(entry.kind))
        let linkName = buffer.string(entry.linkName)
        let userName = buffer.string(entry.userName)
        let groupName = buffer.string(entry.groupName)
        let modified = buffer.string(TimeText.text(entry.modified))
        let records = buffer.vector(entry.records.map { write($0) })
        var table = buffer.startTable(slots: Field.count)
        buffer.add(&table, Field.name, name)
        buffer.add(&table, Field.type, type)
        buffer.add(&table, Field.offset, int64: entry.contentOffset)
        buffer.add(&table, Field.size, int64: entry.storedSize)
        buffer.add(&table, Field.linkName, linkName)
        buffer.add(&table, Field.mode, int64: Int64(entry.mode))
        buffer.add(&table, Field.uid, uint32: entry.uid)
        buffer.add(&table, Field.gid, uint32: entry.gid)
        buffer.add(&table, Field.userName, userName)
        buffer.add(&table, Field.groupName, groupName)
        buffer.add(&table, Field.modified, modified)
        buffer.add(&table, Field.deviceMajor, int64: Int64(entry.deviceMajor))
        buffer.add(&table, Field.deviceMinor, int64: Int64(entry.deviceMinor))
        buffer.add(&table, Field.records, records)
        return buffer.endTable(table)
    }

    private mutating func write(_ record: TarEntry.Record) -> FlatBufferWriter.Offset {
        let key = buffer.string(record.key)
        let value = buffer.string(record.value)
        var table = buffer.startTable(slots: ZTOCLayout.Record.count)
        buffer.add(&table, ZTOCLayout.Record.key, key)
        buffer.add(&table, ZTOCLayout.Record.value, value)
        return buffer.endTable(table)
    }

    private mutating func compressionInformation(_ contents: borrowing ZTOCContents) -> FlatBufferWriter.Offset {
        typealias Field = ZTOCLayout.Compression
        var length = 0
        for piece in contents.checkpoints { length += piece.count }
        let checkpoints = buffer.leftOutBytes(count: length)
        let count = contents.digests.count / 32
        var offsets: [FlatBufferWriter.Offset] = []
        for number in 0..<count {
            let digest = Digest(sha256: Array(contents.digests[32 * number..<32 * number + 32]))
            offsets.append(buffer.string(Array(digest.description.utf8)))
        }
        let digests = buffer.vector(offsets)
        var table = buffer.startTable(slots: Field.count)
        buffer.add(&table, Field.lastSpan, uint32: UInt32(bitPattern: Int32(truncatingIfNeeded: count - 1)))
        buffer.add(&table, Field.digests, digests)
        buffer.add(&table, Field.checkpoints, checkpoints)
        buffer.add(
            &table, Field.algorithm, int8: contents.compression == .gzip ? Field.gzip : Field.none, default: Field.gzip)
        return buffer.endTable(table)
    }
}
