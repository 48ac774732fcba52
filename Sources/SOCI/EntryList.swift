internal import LayerFormat

/// The vector of entries in a zTOC.
struct EntryList {
    let count: Int
    private let vector: FlatBufferReader.Vector
    private let limits: LayerLimits

    /// Nil if the zTOC has no such vector, which means that the tar is empty.
    init?(_ reader: inout FlatBufferReader, _ limits: LayerLimits) throws {
        guard let contents = try reader.table(reader.root(), ZTOCLayout.Root.toc),
            let vector = try reader.vector(contents, ZTOCLayout.Contents.entries)
        else { return nil }
        guard vector.count <= limits.entries else {
            throw LayerFormatError(
                .tooLarge, "the zTOC has \(vector.count) entries; at most \(limits.entries) are read")
        }
        self.vector = vector
        self.limits = limits
        count = vector.count
    }

    /// The order of ascending content offsets if it isn't the list's own (soci.md 1.3); equal ones keep theirs.
    func tarOrder(_ reader: inout FlatBufferReader) throws -> [UInt32]? {
        var last = Int64.min
        var ascends = true
        for index in 0..<count where ascends {
            let offset = try reader.int64(reader.table(vector, at: index), ZTOCLayout.Entry.offset)
            ascends = offset >= last
            last = offset
        }
        if ascends { return nil }
        var offsets: [(offset: Int64, index: UInt32)] = []
        offsets.reserveCapacity(count)
        for index in 0..<count {
            let offset = try reader.int64(reader.table(vector, at: index), ZTOCLayout.Entry.offset)
            offsets.append((offset, UInt32(index)))
        }
        offsets.sort { ($0.offset, $0.index) < ($1.offset, $1.index) }
        return offsets.map(\.index)
    }

    func entry(at index: Int, _ reader: inout FlatBufferReader) throws -> TarEntry {
        typealias Field = ZTOCLayout.Entry
        let table = try reader.table(vector, at: index)
        let name = try reader.string(table, Field.name, limit: limits.nameLength)
        let kind = try EntryType.kind(reader.string(table, Field.type, limit: 16))
        let size = try reader.int64(table, Field.size)
        let mode = try reader.int64(table, Field.mode)
        let entry = TarEntry(
            name: name, kind: kind, contentOffset: try reader.int64(table, Field.offset),
            storedSize: kind == .regular ? size : 0,
            linkName: try reader.string(table, Field.linkName, limit: limits.nameLength),
            mode: UInt32(truncatingIfNeeded: mode & 0o7777),
            uid: try reader.uint32(table, Field.uid), gid: try reader.uint32(table, Field.gid),
            userName: try reader.string(table, Field.userName, limit: 65536),
            groupName: try reader.string(table, Field.groupName, limit: 65536),
            modified: TimeText.time(try reader.string(table, Field.modified, limit: 64)),
            deviceMajor: try device(table, Field.deviceMajor, reader),
            deviceMinor: try device(table, Field.deviceMinor, reader),
            records: try records(table, &reader))
        guard entry.contentOffset >= 0, size >= 0 || kind != .regular else {
            throw LayerFormatError(.malformed, "the zTOC's entry '\(entry.printableName)' lies at a negative offset")
        }
        try checkName(entry)
        try checkSparse(entry)
        return entry
    }

    private func device(_ table: FlatBufferReader.Table, _ slot: Int, _ reader: FlatBufferReader) throws -> UInt32 {
        guard let number = UInt32(exactly: try reader.int64(table, slot)) else {
            throw LayerFormatError(.malformed, "the zTOC has an entry with an impossible device number")
        }
        return number
    }

    private func records(
        _ table: FlatBufferReader.Table, _ reader: inout FlatBufferReader
    ) throws -> [TarEntry.Record] {
        guard let list = try reader.vector(table, ZTOCLayout.Entry.records) else { return [] }
        // A sparse file's map comes on top of the extended header it may have stood in.
        var left = 2 * limits.extendedHeaderSize + 65536
        var records: [TarEntry.Record] = []
        for index in 0..<list.count {
            let record = try reader.table(list, at: index)
            let key = try reader.string(record, ZTOCLayout.Record.key, limit: 65536)
            let value = try reader.string(record, ZTOCLayout.Record.value, limit: left)
            left -= key.count + value.count + 2
            guard left >= 0 else {
                throw LayerFormatError(.tooLarge, "the zTOC has an entry with too many or too long PAX records")
            }
            records.append(TarEntry.Record(key: key, value: value))
        }
        return records
    }

    /// The peer lists files of the sparse form 1.0 without their map, which it leaves in the content: nobody can read them by such a list.
    private func checkSparse(_ entry: TarEntry) throws(LayerFormatError) {
        let isNewForm = entry.records.contains { $0.key == Self.sparseMajor && $0.value == [UInt8(ascii: "1")] }
        guard !isNewForm || entry.records.contains(where: { $0.key == Self.sparseMap }) else {
            throw LayerFormatError(
                .unsupported, "the zTOC lacks the map of the sparse file '\(entry.printableName)'; build another one")
        }
    }

    private static let sparseMajor = Array("GNU.sparse.major".utf8)
    private static let sparseMap = Array("GNU.sparse.map".utf8)

    private func checkName(_ entry: TarEntry) throws(LayerFormatError) {
        guard !entry.name.contains(0), !entry.linkName.contains(0) else {
            throw LayerFormatError(.malformed, "the zTOC has a name with a NUL byte")
        }
        var length = 0
        for byte in entry.name {
            length = byte == UInt8(ascii: "/") ? 0 : length + 1
            guard length <= limits.partLength else {
                throw LayerFormatError(.tooLarge, "the zTOC has a name with a part of over \(limits.partLength) bytes")
            }
        }
    }
}

extension TarEntry {
    /// The name for messages: shortened, and without control characters.
    var printableName: String {
        let bytes = name.prefix(200).map { $0 < 0x20 || $0 == 0x7f ? UInt8(ascii: "?") : $0 }
        return String(decoding: bytes, as: UTF8.self)
    }
}
