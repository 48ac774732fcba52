internal import Hashing
internal import OCI

/// One entry of a layer's journal: 40 bytes, little-endian.
///
/// | at | bytes | field |
/// |---|---|---|
/// | 0 | 1 | kind |
/// | 1 | 3 | 0 |
/// | 4 | 4 | segment number |
/// | 8 | 8 | content length |
/// | 16 | 16 | first half of the SHA-256 of the content |
/// | 32 | 8 | first bytes of the SHA-256 of the 32 bytes before |
enum JournalRecord: Equatable, Sendable {
    /// The segment's content was verified and written, though perhaps not synced.
    case segment(number: Int, length: Int64, checksum: [UInt8])
    /// The segment turned out not to be there after all, or is about to be given up.
    case dropped(number: Int)
    /// Nothing that the records before speak of is there.
    case emptied
    /// All that the records before speak of has been synced.
    case synced
    /// The whole tar, padding included, was verified and written, though perhaps not synced: its digest is the diffID.
    case filled
    /// The whole tar is here, but for what was dropped and did not come again, verified as far as it can be, and synced. `checked` tells
    /// whether the diffID held.
    case complete(checked: Bool)
    /// The table of contents was shown to be wrong.
    case poisoned

    static let size = 40
    static let checksumSize = 16

    init?(_ bytes: ArraySlice<UInt8>) {
        guard bytes.count == Self.size else { return nil }
        let body = Array(bytes.prefix(32))
        guard Array(bytes.suffix(8)) == Array(ContentHasher.hash(body).prefix(8)) else { return nil }
        switch body[0] {
        case 1:
            let length = Self.integer(body[8..<16])
            guard length <= UInt64(Int64.max) else { return nil }
            self = .segment(
                number: Int(Self.integer(body[4..<8])), length: Int64(length), checksum: Array(body[16..<32]))
        case 2: self = .synced
        case 3: self = .filled
        case 4: self = .complete(checked: true)
        case 5: self = .complete(checked: false)
        case 6: self = .poisoned
        case 7: self = .dropped(number: Int(Self.integer(body[4..<8])))
        case 8: self = .emptied
        default: return nil
        }
    }

    var bytes: [UInt8] {
        var body = [UInt8](repeating: 0, count: 32)
        switch self {
        case .segment(let number, let length, let checksum):
            body[0] = 1
            Self.put(UInt64(number), in: &body, 4..<8)
            Self.put(UInt64(length), in: &body, 8..<16)
            body.replaceSubrange(16..<16 + min(16, checksum.count), with: checksum.prefix(16))
        case .synced: body[0] = 2
        case .filled: body[0] = 3
        case .complete(let checked): body[0] = checked ? 4 : 5
        case .poisoned: body[0] = 6
        case .dropped(let number):
            body[0] = 7
            Self.put(UInt64(number), in: &body, 4..<8)
        case .emptied: body[0] = 8
        }
        return body + ContentHasher.hash(body).prefix(8)
    }

    private static func integer(_ bytes: ArraySlice<UInt8>) -> UInt64 {
        bytes.reversed().reduce(0) { $0 << 8 | UInt64($1) }
    }

    private static func put(_ value: UInt64, in bytes: inout [UInt8], _ range: Range<Int>) {
        for (shift, index) in range.enumerated() {
            bytes[index] = UInt8(truncatingIfNeeded: value >> (8 * UInt64(shift)))
        }
    }
}
