internal import LayerFormat

/// Little-endian reads at any offset of a file, through a few pages held in memory.
///
/// Every read is checked against the file's size. The sum of all reads is bounded by a multiple of that size: an honest file is
/// read about once, a hostile one cannot make one string or table be read millions of times (soci.md 9.2).
final class PagedBytes {
    private static let pageSize: Int64 = 64 * 1024
    private static let pageLimit = 8

    let size: Int64
    private let file: any RandomAccessBytes
    /// The most recently loaded page comes last.
    private var pages: [(start: Int64, bytes: [UInt8])] = []
    private var current: [UInt8] = []
    private var currentStart: Int64 = 0
    private var budget: Int64

    init(_ file: any RandomAccessBytes) {
        self.file = file
        size = file.size
        budget = 8 * (file.size + Self.pageSize)
    }

    func u8(at offset: Int64) throws -> UInt8 {
        try check(offset, 1)
        try load(offset)
        return current[Int(offset - currentStart)]
    }

    func u16(at offset: Int64) throws -> UInt16 { UInt16(truncatingIfNeeded: try integer(at: offset, count: 2)) }
    func u32(at offset: Int64) throws -> UInt32 { UInt32(truncatingIfNeeded: try integer(at: offset, count: 4)) }
    func u64(at offset: Int64) throws -> UInt64 { try integer(at: offset, count: 8) }

    /// The bytes `offset ..< offset + count`.
    func bytes(at offset: Int64, count: Int64) throws -> [UInt8] {
        try check(offset, count)
        if count == 0 { return [] }
        try load(offset)
        let start = Int(offset - currentStart)
        if start + Int(count) <= current.count { return Array(current[start..<start + Int(count)]) }
        return try file.bytes(in: offset..<offset + count)
    }

    private func integer(at offset: Int64, count: Int) throws -> UInt64 {
        try check(offset, Int64(count))
        try load(offset)
        let start = Int(offset - currentStart)
        var value: UInt64 = 0
        if start + count <= current.count {
            for index in (0..<count).reversed() { value = value << 8 | UInt64(current[start + index]) }
            return value
        }
        for index in (0..<count).reversed() { value = value << 8 | UInt64(try u8(at: offset + Int64(index))) }
        return value
    }

    private func check(_ offset: Int64, _ count: Int64) throws(LayerFormatError) {
        guard offset >= 0, count >= 0, offset <= size, count <= size - offset else {
            throw LayerFormatError(
                .malformed, "the zTOC points outside itself (\(count) bytes at \(offset) of \(size))")
        }
        try spend(count)
    }

    private func spend(_ count: Int64) throws(LayerFormatError) {
        budget -= count
        guard budget >= 0 else {
            throw LayerFormatError(.malformed, "the zTOC's parts overlap or lie scattered beyond any use")
        }
    }

    /// Makes the page that holds `offset` the current one.
    private func load(_ offset: Int64) throws {
        if offset >= currentStart, offset < currentStart + Int64(current.count) { return }
        let start = offset / Self.pageSize * Self.pageSize
        if let index = pages.firstIndex(where: { $0.start == start }) {
            pages.append(pages.remove(at: index))
        } else {
            let count = min(Self.pageSize, size - start)
            try spend(count)
            let bytes = try file.bytes(in: start..<start + count)
            guard bytes.count == Int(count) else {
                throw LayerFormatError(.malformed, "the zTOC's file is shorter than its size says")
            }
            if pages.count == Self.pageLimit { pages.removeFirst() }
            pages.append((start, bytes))
        }
        (currentStart, current) = pages[pages.count - 1]
    }
}
