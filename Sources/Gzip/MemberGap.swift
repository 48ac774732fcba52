/// Reads what lies between two members' deflate streams: the 8-byte trailer and the next header (RFC 1952, 2.3), however cut.
struct MemberGap {
    /// What the member before says of its content: to be compared by who read all of it.
    struct Trailer: Equatable {
        /// CRC-32.
        var checksum: UInt32
        /// In bytes, modulo 2^32.
        var length: UInt32
    }

    private enum Field {
        case trailer, fixed, extraLength, extra, name, comment, headerChecksum, end
    }

    private static let hasHeaderChecksum: UInt8 = 2
    private static let hasExtra: UInt8 = 4
    private static let hasName: UInt8 = 8
    private static let hasComment: UInt8 = 16

    private var field: Field
    private var left: Int
    private var flags: UInt8 = 0
    private var number = 0
    private var trailerBits: UInt64 = 0
    /// CRC-32 of the header so far.
    private var checksum: UInt32 = 0

    /// - Parameter trailer: whether a trailer comes first.
    init(trailer: Bool = true) {
        field = trailer ? .trailer : .fixed
        left = trailer ? 8 : 10
    }

    var isAtEnd: Bool { field == .end }
    var isInTrailer: Bool { field == .trailer }
    /// Whole once `isInTrailer` no longer holds.
    var trailer: Trailer {
        Trailer(checksum: UInt32(truncatingIfNeeded: trailerBits), length: UInt32(trailerBits >> 32))
    }

    /// Takes one byte; must not be called at the end.
    /// - Throws: `GzipError` if it cannot belong to a gzip header.
    mutating func take(_ byte: UInt8) throws(GzipError) {
        if field != .trailer, field != .headerChecksum { checksum = CRC32.update(checksum, with: byte) }
        switch field {
        case .trailer:
            trailerBits |= UInt64(byte) << UInt64(8 * (8 - left))
            if count() { enter(.fixed) }
        case .fixed:
            try check(byte, at: 10 - left)
            if count() { enter(.extraLength) }
        case .extraLength:
            number |= Int(byte) << (left == 2 ? 0 : 8)
            if count() { enter(.extra) }
        case .extra:
            if count() { enter(.name) }
        case .name:
            if byte == 0 { enter(.comment) }
        case .comment:
            if byte == 0 { enter(.headerChecksum) }
        case .headerChecksum:
            guard byte == UInt8(truncatingIfNeeded: checksum >> (left == 2 ? 0 : 8)) else {
                throw GzipError(.malformed, "gzip member whose header has not the checksum it should have")
            }
            if count() { enter(.end) }
        case .end:
            preconditionFailure("a byte behind the gap")
        }
    }

    private mutating func check(_ byte: UInt8, at index: Int) throws(GzipError) {
        switch index {
        case 0 where byte != 0x1f, 1 where byte != 0x8b:
            throw GzipError(.malformed, "no gzip member where content is still missing")
        case 2 where byte != 8:
            throw GzipError(.malformed, "gzip member with unknown compression method \(byte)")
        case 3:
            guard byte & 0xe0 == 0 else {
                throw GzipError(.malformed, "gzip member with reserved flags set")
            }
            flags = byte
        default: break
        }
    }

    /// Counts a byte of a field of known length; true behind its last.
    private mutating func count() -> Bool {
        left -= 1
        return left == 0
    }

    /// Goes to `next`, or to the first field behind it that this header has.
    private mutating func enter(_ next: Field) {
        field = next
        switch next {
        case .trailer: left = 8
        case .fixed: left = 10
        case .extraLength:
            left = 2
            if flags & Self.hasExtra == 0 { enter(.name) }
        case .extra:
            left = number
            if left == 0 { enter(.name) }
        case .name:
            if flags & Self.hasName == 0 { enter(.comment) }
        case .comment:
            if flags & Self.hasComment == 0 { enter(.headerChecksum) }
        case .headerChecksum:
            left = 2
            if flags & Self.hasHeaderChecksum == 0 { enter(.end) }
        case .end: break
        }
    }
}
