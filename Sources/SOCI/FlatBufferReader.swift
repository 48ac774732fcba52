internal import LayerFormat

/// Reads tables, strings and vectors of one FlatBuffer inside a file (soci.md 1.2). Total: bad offsets throw.
struct FlatBufferReader {
    /// A table's place, and where its fields lie relative to it (0 = absent).
    struct Table {
        var position: Int64
        var slots: [UInt16]
    }

    /// Elements of four bytes that follow a count.
    struct Vector {
        /// Position of the first element.
        var position: Int64
        var count: Int
    }

    private static let cachedTables = 1024

    let bytes: PagedBytes
    /// Where the FlatBuffer begins; all positions count from the file's start.
    private let base: Int64
    private var slotsAt: [Int64: [UInt16]] = [:]

    init(_ bytes: PagedBytes, base: Int64 = 0) {
        self.bytes = bytes
        self.base = base
    }

    mutating func root() throws -> Table {
        try table(at: base + Int64(bytes.u32(at: base)))
    }

    /// The table that the field in `slot` points to.
    mutating func table(_ table: Table, _ slot: Int) throws -> Table? {
        guard let position = try target(table, slot) else { return nil }
        return try self.table(at: position)
    }

    /// Element `index` of a vector of tables.
    mutating func table(_ vector: Vector, at index: Int) throws -> Table {
        try table(at: target(ofElement: index, in: vector))
    }

    func vector(_ table: Table, _ slot: Int) throws -> Vector? {
        guard let position = try target(table, slot) else { return nil }
        let count = Int(try bytes.u32(at: position))
        guard Int64(count) * 4 <= bytes.size - position - 4 else {
            throw LayerFormatError(.malformed, "the zTOC has a vector of \(count) elements that does not fit into it")
        }
        return Vector(position: position + 4, count: count)
    }

    /// The range of a vector of bytes.
    func byteRange(_ table: Table, _ slot: Int) throws -> Range<Int64>? {
        guard let position = try target(table, slot) else { return nil }
        let count = Int64(try bytes.u32(at: position))
        guard count <= bytes.size - position - 4 else {
            throw LayerFormatError(.malformed, "the zTOC has a byte vector of \(count) bytes that does not fit into it")
        }
        return position + 4..<position + 4 + count
    }

    func string(_ table: Table, _ slot: Int, limit: Int) throws -> [UInt8] {
        guard let position = try target(table, slot) else { return [] }
        return try string(at: position, limit: limit)
    }

    /// Element `index` of a vector of strings.
    func string(_ vector: Vector, at index: Int, limit: Int) throws -> [UInt8] {
        try string(at: target(ofElement: index, in: vector), limit: limit)
    }

    func int64(_ table: Table, _ slot: Int) throws -> Int64 {
        guard let position = position(table, slot) else { return 0 }
        return Int64(bitPattern: try bytes.u64(at: position))
    }

    func uint32(_ table: Table, _ slot: Int) throws -> UInt32 {
        guard let position = position(table, slot) else { return 0 }
        return try bytes.u32(at: position)
    }

    func int8(_ table: Table, _ slot: Int, default value: Int8) throws -> Int8 {
        guard let position = position(table, slot) else { return value }
        return Int8(bitPattern: try bytes.u8(at: position))
    }

    private mutating func table(at position: Int64) throws -> Table {
        let link = Int64(Int32(bitPattern: try bytes.u32(at: position)))
        let place = position - link
        if let slots = slotsAt[place] { return Table(position: position, slots: slots) }
        let size = Int64(try bytes.u16(at: place))
        guard size >= 4, size % 2 == 0 else {
            throw LayerFormatError(.malformed, "the zTOC has a vtable of \(size) bytes")
        }
        // No table of the format has more than 14 fields; later ones would be unknown to us.
        let count = min((size - 4) / 2, 14)
        var slots: [UInt16] = []
        slots.reserveCapacity(Int(count))
        for index in 0..<count { slots.append(try bytes.u16(at: place + 4 + 2 * index)) }
        if slotsAt.count == Self.cachedTables { slotsAt = [:] }
        slotsAt[place] = slots
        return Table(position: position, slots: slots)
    }

    private func position(_ table: Table, _ slot: Int) -> Int64? {
        guard slot < table.slots.count, table.slots[slot] != 0 else { return nil }
        return table.position + Int64(table.slots[slot])
    }

    private func target(_ table: Table, _ slot: Int) throws -> Int64? {
        guard let position = position(table, slot) else { return nil }
        return position + Int64(try bytes.u32(at: position))
    }

    private func target(ofElement index: Int, in vector: Vector) throws -> Int64 {
        precondition(index >= 0 && index < vector.count)
        let position = vector.position + 4 * Int64(index)
        return position + Int64(try bytes.u32(at: position))
    }

    private func string(at position: Int64, limit: Int) throws -> [UInt8] {
        let count = Int64(try bytes.u32(at: position))
        guard count <= limit else {
            throw LayerFormatError(.tooLarge, "the zTOC has a string of \(count) bytes; at most \(limit) are read")
        }
        return try bytes.bytes(at: position + 4, count: count)
    }
}
