/// Writes tars header by header, odd and hostile ones too: nothing is checked, every field can be set.
package struct TarBytes: Sendable {
    package private(set) var bytes: [UInt8] = []

    package init() {}

    /// The fields of one header block. `number` fields are octal; the raw bytes of any field can be overwritten by `patches`.
    package struct Header: Sendable {
        package var name: [UInt8]
        package var flag: UInt8
        package var mode: UInt32 = 0o644
        package var uid: Int64 = 0
        package var gid: Int64 = 0
        package var size: Int64 = 0
        package var seconds: Int64 = 1_700_000_000
        package var linkName: [UInt8] = []
        package var magic = Array("ustar\u{0}00".utf8)
        package var userName = Array("root".utf8)
        package var groupName = Array("root".utf8)
        package var deviceMajor: Int64 = 0
        package var deviceMinor: Int64 = 0
        package var prefix: [UInt8] = []
        /// Offset in the block and bytes to put there, before the checksum is made.
        package var patches: [(offset: Int, bytes: [UInt8])] = []

        package init(_ name: some Sequence<UInt8>, flag: Character) {
            self.name = Array(name)
            self.flag = flag.asciiValue ?? 0
        }

        package static let gnuMagic = Array("ustar  \u{0}".utf8)
    }

    package mutating func append(_ header: Header) {
        var block = [UInt8](repeating: 0, count: 512)
        func put(_ bytes: [UInt8], _ offset: Int, _ width: Int) {
            for (index, byte) in bytes.prefix(width).enumerated() { block[offset + index] = byte }
        }
        put(header.name, 0, 100)
        put(Self.number(Int64(header.mode), 8), 100, 8)
        put(Self.number(header.uid, 8), 108, 8)
        put(Self.number(header.gid, 8), 116, 8)
        put(Self.number(header.size, 12), 124, 12)
        put(Self.number(header.seconds, 12), 136, 12)
        block[156] = header.flag
        put(header.linkName, 157, 100)
        put(header.magic, 257, 8)
        if !header.magic.isEmpty {
            put(header.userName, 265, 32)
            put(header.groupName, 297, 32)
            put(Self.number(header.deviceMajor, 8), 329, 8)
            put(Self.number(header.deviceMinor, 8), 337, 8)
            put(header.prefix, 345, 155)
        }
        for patch in header.patches { put(patch.bytes, patch.offset, patch.bytes.count) }
        // The sum is made with blanks in its own field. A patch of that field makes the sum wrong on purpose.
        put([UInt8](repeating: UInt8(ascii: " "), count: 8), 148, 8)
        let sum = block.reduce(0) { $0 + Int64($1) }
        put(Self.octal(sum, 7) + [UInt8(ascii: " ")], 148, 8)
        for patch in header.patches where patch.offset == 148 { put(patch.bytes, 148, 8) }
        bytes += block
    }

    /// Content, padded to whole blocks.
    package mutating func append(content: [UInt8]) {
        bytes += content
        bytes += [UInt8](repeating: 0, count: -content.count & 511)
    }

    /// Bytes as they are.
    package mutating func append(raw: [UInt8]) { bytes += raw }

    /// A PAX header: `x` for the next entry, `g` for all that follow. Keys may repeat.
    package mutating func append(records: [(key: String, value: [UInt8])], flag: Character = "x") {
        let content = records.reduce(into: [UInt8]()) { $0 += Self.record($1.key, $1.value) }
        var header = Header("PaxHeaders/x".utf8, flag: flag)
        header.size = Int64(content.count)
        append(header)
        append(content: content)
    }

    /// A GNU long name (`L`) or long link (`K`).
    package mutating func append(long name: [UInt8], flag: Character) {
        var header = Header("././@LongLink".utf8, flag: flag)
        header.magic = Header.gnuMagic
        header.size = Int64(name.count + 1)
        append(header)
        append(content: name + [0])
    }

    /// The end mark, and padding to a record of 10,240 bytes as GNU tar does.
    package mutating func appendEnd() {
        bytes += [UInt8](repeating: 0, count: 1024)
        bytes += [UInt8](repeating: 0, count: (10240 - bytes.count % 10240) % 10240)
    }

    /// `length key=value\n`, where the length counts itself.
    package static func record(_ key: String, _ value: [UInt8]) -> [UInt8] {
        let rest = [UInt8(ascii: " ")] + Array(key.utf8) + [UInt8(ascii: "=")] + value + [UInt8(ascii: "\n")]
        var length = rest.count
        while rest.count + String(length).count != length { length = rest.count + String(length).count }
        return Array(String(length).utf8) + rest
    }

    /// A number field: octal with a NUL behind it if it fits, else base 256.
    package static func number(_ value: Int64, _ width: Int) -> [UInt8] {
        if value >= 0, value < Int64(1) << min(62, 3 * Int64(width - 1)) { return octal(value, width) }
        var field = [UInt8](repeating: value < 0 ? 0xff : 0, count: width)
        for index in 0..<min(8, width) {
            field[width - 1 - index] = UInt8(truncatingIfNeeded: value >> Int64(8 * index))
        }
        field[0] = value < 0 ? 0xff : field[0] | 0x80
        return field
    }

    private static func octal(_ value: Int64, _ width: Int) -> [UInt8] {
        let digits = Array(String(value, radix: 8).utf8)
        return [UInt8](repeating: UInt8(ascii: "0"), count: max(0, width - 1 - digits.count)) + digits + [0]
    }
}
