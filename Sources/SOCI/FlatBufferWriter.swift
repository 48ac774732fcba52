internal import LayerFormat

/// Writes one FlatBuffer from its end to its start, byte for byte as the stock builder does (soci.md 1.7).
///
/// Offsets of objects are the number of bytes written when they were complete. Finished bytes lie in chunks that are never copied
/// again, and one stretch of bytes may be left out: its owner puts it between `Output.head` and `Output.tail`.
struct FlatBufferWriter {
    /// An object written before.
    typealias Offset = Int64

    /// A finished buffer: `head`, then the left-out bytes if any, then `tail`.
    struct Output {
        var head: [[UInt8]]
        var tail: [[UInt8]]
    }

    /// A table being written.
    struct Table {
        fileprivate var start: Int64
        fileprivate var slots: [Int64]
    }

    private static let chunkSize = 256 * 1024
    /// Distances have 32 bits, the link to the vtable is signed.
    private static let maximumSize: Int64 = 1 << 31 - 1

    private(set) var written: Int64 = 0
    private var alignment: Int64 = 1
    /// From the file's end to its start.
    private var chunks: [[UInt8]] = []
    private var current: [UInt8] = []
    private var free = 0
    private var tailChunks: [[UInt8]]?
    /// Slot values of each vtable made, and how much was written when it was complete.
    private var vtables: [(slots: [UInt16], written: Int64)] = []

    mutating func string(_ text: [UInt8]) -> Offset {
        align(4, following: Int64(text.count) + 1)
        put(0, size: 1)
        put(text)
        put32(UInt32(text.count))
        return written
    }

    mutating func vector(_ offsets: [Offset]) -> Offset {
        align(4, following: 4 * Int64(offsets.count))
        for offset in offsets.reversed() { putDistance(to: offset) }
        put32(UInt32(offsets.count))
        return written
    }

    /// A vector of `count` bytes that the caller has; only one is possible in a buffer.
    mutating func leftOutBytes(count: Int) -> Offset {
        align(4, following: Int64(count))
        seal()
        tailChunks = chunks
        chunks = []
        written += Int64(count)
        put32(UInt32(truncatingIfNeeded: count))
        return written
    }

    func startTable(slots: Int) -> Table { Table(start: written, slots: Array(repeating: 0, count: slots)) }

    mutating func add(_ table: inout Table, _ slot: Int, _ offset: Offset) {
        align(4, following: 0)
        putDistance(to: offset)
        table.slots[slot] = written
    }

    mutating func add(_ table: inout Table, _ slot: Int, int64 value: Int64) {
        if value != 0 { scalar(&table, slot, UInt64(bitPattern: value), size: 8) }
    }

    mutating func add(_ table: inout Table, _ slot: Int, uint32 value: UInt32) {
        if value != 0 { scalar(&table, slot, UInt64(value), size: 4) }
    }

    mutating func add(_ table: inout Table, _ slot: Int, int8 value: Int8, default ordinary: Int8) {
        if value != ordinary { scalar(&table, slot, UInt64(UInt8(bitPattern: value)), size: 1) }
    }

    mutating func endTable(_ table: Table) -> Offset {
        align(4, following: 0)
        let end = written + 4
        var slots = table.slots.map { $0 == 0 ? 0 : UInt16(truncatingIfNeeded: end - $0) }
        while slots.last == 0 { slots.removeLast() }
        if let known = vtables.last(where: { $0.slots == slots }) {
            put32(UInt32(bitPattern: Int32(truncatingIfNeeded: known.written - end)))
            return end
        }
        let size = 2 * slots.count + 4
        put32(UInt32(size))
        for slot in slots.reversed() { put16(slot) }
        put16(UInt16(truncatingIfNeeded: end - table.start))
        put16(UInt16(size))
        vtables.append((slots, written))
        return end
    }

    /// Ends the buffer.
    /// - Throws: `LayerFormatError.tooLarge` beyond what 32-bit distances reach.
    mutating func finish(root: Offset) throws(LayerFormatError) -> Output {
        align(alignment, following: 4)
        putDistance(to: root)
        guard written <= Self.maximumSize else {
            throw LayerFormatError(.tooLarge, "the zTOC would have \(written) bytes; its format ends at 2 GiB")
        }
        seal()
        let head = Array(chunks.reversed())
        return Output(head: head, tail: (tailChunks ?? []).reversed())
    }

    private mutating func scalar(_ table: inout Table, _ slot: Int, _ value: UInt64, size: Int64) {
        align(size, following: 0)
        put(value, size: Int(size))
        table.slots[slot] = written
    }

    private mutating func align(_ size: Int64, following count: Int64) {
        alignment = max(alignment, size)
        let excess = (written + count) % size
        if excess != 0 { put(0, size: Int(size - excess)) }
    }

    private mutating func putDistance(to offset: Offset) {
        put32(UInt32(truncatingIfNeeded: written - offset + 4))
    }

    private mutating func put16(_ value: UInt16) {
        put(UInt64(value), size: 2)
    }

    private mutating func put32(_ value: UInt32) {
        put(UInt64(value), size: 4)
    }

    /// Puts the `size` low bytes of `value` in front of all others, little-endian.
    private mutating func put(_ value: UInt64, size: Int) {
        for index in (0..<size).reversed() {
            if free == 0 { startChunk() }
            free -= 1
            current[free] = UInt8(truncatingIfNeeded: value >> UInt64(8 * index))
        }
        written += Int64(size)
    }

    /// Puts `bytes` in front of all others.
    private mutating func put(_ bytes: [UInt8]) {
        var left = bytes.count
        written += Int64(left)
        while left > 0 {
            if free == 0 { startChunk() }
            let count = min(left, free)
            for index in 0..<count { current[free - count + index] = bytes[left - count + index] }
            free -= count
            left -= count
        }
    }

    private mutating func startChunk() {
        seal()
        current = Array(repeating: 0, count: Self.chunkSize)
        free = Self.chunkSize
    }

    private mutating func seal() {
        guard !current.isEmpty else { return }
        chunks.append(free == 0 ? current : Array(current[free...]))
        current = []
        free = 0
    }
}
