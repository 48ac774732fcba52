/// One 512-byte header block, field by field (POSIX ustar; GNU tar manual, Basic Tar Format).
struct TarHeader {
    static let size = 512

    /// What the magic says about the bytes behind the fields all formats share.
    enum Dialect {
        case v7, ustar, star, gnu
    }

    var dialect: Dialect
    var flag: UInt8
    var name: [UInt8]
    var linkName: [UInt8]
    var mode: Int64
    var uid: Int64
    var gid: Int64
    var size: Int64
    var seconds: Int64
    var userName: [UInt8] = []
    var groupName: [UInt8] = []
    var deviceMajor: Int64 = 0
    var deviceMinor: Int64 = 0
    /// What an old GNU sparse header (`S`) says besides; nil for all else.
    var sparse: OldSparse?

    struct OldSparse {
        var size: Int64
        var numbers: [Int64]
        /// Another block of numbers follows.
        var continues: Bool
    }

    /// - Parameter offset: where the block lies in the tar, for messages.
    init(_ block: [UInt8], at offset: Int64) throws(LayerFormatError) {
        guard let sum = TarNumber.field(block[148..<156]), Self.sums(block).contains(sum) else {
            throw LayerFormatError(.malformed, "the tar header at \(offset) has a wrong checksum")
        }
        func number(_ range: Range<Int>, _ field: String) throws(LayerFormatError) -> Int64 {
            guard let number = TarNumber.field(block[range]) else {
                throw LayerFormatError(.malformed, "the tar header at \(offset) has no number as its \(field)")
            }
            return number
        }
        dialect = Self.dialect(block)
        flag = block[156]
        name = Self.text(block[0..<100])
        linkName = Self.text(block[157..<257])
        mode = try number(100..<108, "mode")
        uid = try number(108..<116, "uid")
        gid = try number(116..<124, "gid")
        size = try number(124..<136, "size")
        seconds = try number(136..<148, "time")
        guard dialect != .v7 else { return }
        userName = Self.text(block[265..<297])
        groupName = Self.text(block[297..<329])
        deviceMajor = try number(329..<337, "device number")
        deviceMinor = try number(337..<345, "device number")
        // GNU keeps times and sparse maps where ustar keeps its prefix.
        let prefix =
            switch dialect {
            case .ustar: Self.text(block[345..<500])
            case .star: Self.text(block[345..<476])
            case .gnu, .v7: [UInt8]()
            }
        if !prefix.isEmpty { name = prefix + [UInt8(ascii: "/")] + name }
        if dialect == .gnu, flag == UInt8(ascii: "S") {
            sparse = OldSparse(
                size: try number(483..<495, "sparse length"),
                numbers: try Self.sparseNumbers(block[386..<482], at: offset), continues: block[482] != 0)
        }
    }

    /// Offset and length pairs of 12 bytes each, up to the first that is empty.
    static func sparseNumbers(_ bytes: ArraySlice<UInt8>, at offset: Int64) throws(LayerFormatError) -> [Int64] {
        var numbers: [Int64] = []
        for start in stride(from: bytes.startIndex, to: bytes.endIndex, by: 24) where start + 24 <= bytes.endIndex {
            if bytes[start] == 0 { break }
            guard let place = TarNumber.field(bytes[start..<start + 12]),
                let length = TarNumber.field(bytes[start + 12..<start + 24]), place >= 0, length >= 0
            else { throw LayerFormatError(.malformed, "the sparse map at \(offset) of the tar holds no numbers") }
            numbers.append(place)
            numbers.append(length)
        }
        return numbers
    }

    /// The bytes before the first NUL.
    static func text(_ field: ArraySlice<UInt8>) -> [UInt8] { Array(field.prefix { $0 != 0 }) }

    private static func dialect(_ block: [UInt8]) -> Dialect {
        let magic = block[257..<265]
        if magic.elementsEqual("ustar  \0".utf8) { return .gnu }
        guard magic.prefix(6).elementsEqual("ustar\0".utf8) else { return .v7 }
        return block[508..<512].elementsEqual("tar\0".utf8) ? .star : .ustar
    }

    /// The sum with the checksum field as blanks; some old writers summed signed bytes.
    private static func sums(_ block: [UInt8]) -> [Int64] {
        var unsigned: Int64 = 8 * 32
        var high: Int64 = 0
        for byte in block {
            unsigned += Int64(byte)
            high += Int64(byte >> 7)
        }
        for byte in block[148..<156] {
            unsigned -= Int64(byte)
            high -= Int64(byte >> 7)
        }
        return high == 0 ? [unsigned] : [unsigned, unsigned - 256 * high]
    }
}
