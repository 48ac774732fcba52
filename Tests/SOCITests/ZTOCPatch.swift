import Testing

/// Changes single parts of a zTOC file: new objects are appended, and distances made to point at them.
struct ZTOCPatch {
    var bytes: [UInt8]

    init(_ bytes: [UInt8]) { self.bytes = bytes }

    var root: Int { integer(0, 4) }
    var compression: Int { target(field(root, 5) ?? 0) }
    var entries: Int { target(field(target(field(root, 4) ?? 0), 0) ?? 0) }
    /// The checkpoint blob.
    var checkpoints: Range<Int> {
        let start = target(field(compression, 3) ?? 0)
        return start + 4..<start + 4 + integer(start, 4)
    }

    func entry(_ index: Int) -> Int { target(entries + 4 + 4 * index) }

    /// The position of a table's field; nil if it is absent.
    func field(_ table: Int, _ slot: Int) -> Int? {
        let vtable = table - Int(Int32(truncatingIfNeeded: integer(table, 4)))
        guard 4 + 2 * slot < integer(vtable, 2) else { return nil }
        let offset = integer(vtable + 4 + 2 * slot, 2)
        return offset == 0 ? nil : table + offset
    }

    func target(_ position: Int) -> Int { position + integer(position, 4) }

    func integer(_ position: Int, _ count: Int) -> Int {
        (0..<count).reversed().reduce(0) { $0 << 8 | Int(bytes[position + $1]) }
    }

    mutating func set(_ position: Int, _ count: Int, _ value: Int) {
        for index in 0..<count { bytes[position + index] = UInt8(truncatingIfNeeded: value >> (8 * index)) }
    }

    /// Sets a scalar that is there.
    mutating func set(_ table: Int, slot: Int, _ count: Int, _ value: Int) throws {
        set(try #require(field(table, slot)), count, value)
    }

    /// Appends a string and points the field at it.
    mutating func set(_ table: Int, slot: Int, _ text: [UInt8]) throws {
        let position = try #require(field(table, slot))
        set(position, 4, bytes.count - position)
        append(text)
        bytes.append(0)
    }

    /// Appends a vector of strings and points the field at it.
    mutating func set(_ table: Int, slot: Int, _ texts: [[UInt8]]) throws {
        let position = try #require(field(table, slot))
        let vector = bytes.count
        set(position, 4, vector - position)
        bytes += word(texts.count) + Array(repeating: 0, count: 4 * texts.count)
        for (index, text) in texts.enumerated() {
            set(vector + 4 + 4 * index, 4, bytes.count - (vector + 4 + 4 * index))
            append(text)
            bytes.append(0)
        }
    }

    /// Record `number` of the checkpoints.
    func record(_ number: Int) -> Int { checkpoints.lowerBound + 12 + 32785 * number }

    private mutating func append(_ content: [UInt8]) { bytes += word(content.count) + content }

    private func word(_ value: Int) -> [UInt8] { (0..<4).map { UInt8(truncatingIfNeeded: value >> (8 * $0)) } }
}

/// Numbers that look random and are the same each time.
struct Random {
    private var state: UInt64

    init(seed: UInt64) { state = seed }

    mutating func next() -> UInt64 {
        state = state &* 6_364_136_223_846_793_005 &+ 1_442_695_040_888_963_407
        return state >> 33
    }

    mutating func next(below bound: Int) -> Int { Int(next() % UInt64(bound)) }
}
