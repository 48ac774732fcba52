/// Integers of a few bytes.
enum LittleEndian {
    static func integer(_ bytes: [UInt8], _ start: Int, _ count: Int) -> Int64 {
        var value: UInt64 = 0
        for index in (0..<count).reversed() { value = value << 8 | UInt64(bytes[start + index]) }
        return Int64(bitPattern: value)
    }

    static func bytes(_ value: Int64, count: Int) -> [UInt8] {
        (0..<count).map { UInt8(truncatingIfNeeded: value >> Int64(8 * $0)) }
    }
}
