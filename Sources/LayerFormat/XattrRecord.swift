/// Extended attributes as PAX records carry them.
///
/// `SCHILY.xattr.NAME` holds the value as it is (star, GNU tar, Go); `LIBARCHIVE.xattr.NAME` holds it in base 64 (bsdtar writes both).
struct XattrRecord {
    var name: [UInt8]
    var value: [UInt8]

    private static let schily = Array("SCHILY.xattr.".utf8)
    private static let libarchive = Array("LIBARCHIVE.xattr.".utf8)

    /// The attributes of an entry's records, in the records' order, one a name.
    static func all(in records: [TarEntry.Record]) -> [XattrRecord] {
        var found: [XattrRecord] = []
        for record in records where record.key.starts(with: schily) {
            found.append(XattrRecord(name: unescaped(record.key.dropFirst(schily.count)), value: record.value))
        }
        for record in records where record.key.starts(with: libarchive) {
            let name = unescaped(record.key.dropFirst(libarchive.count))
            guard !found.contains(where: { $0.name == name }), let value = base64(record.value) else { continue }
            found.append(XattrRecord(name: name, value: value))
        }
        return found
    }

    /// Writers escape at least `=` and `%` in names, since a key ends at the first `=` (GNU tar, libarchive).
    private static func unescaped(_ key: ArraySlice<UInt8>) -> [UInt8] {
        guard key.contains(UInt8(ascii: "%")) else { return Array(key) }
        var name: [UInt8] = []
        var rest = key
        while let byte = rest.popFirst() {
            let digits = rest.prefix(2)
            if byte == UInt8(ascii: "%"), digits.count == 2,
                let escaped = UInt8(String(decoding: digits, as: UTF8.self), radix: 16), escaped != 0
            {
                name.append(escaped)
                rest = rest.dropFirst(2)
            } else {
                name.append(byte)
            }
        }
        return name
    }

    /// Base 64 with or without its `=`; nil for anything else.
    private static func base64(_ text: [UInt8]) -> [UInt8]? {
        var bytes: [UInt8] = []
        var (bits, count): (UInt32, Int) = (0, 0)
        for byte in text.prefix(while: { $0 != UInt8(ascii: "=") }) {
            let digit: UInt8
            switch byte {
            case UInt8(ascii: "A")...UInt8(ascii: "Z"): digit = byte - UInt8(ascii: "A")
            case UInt8(ascii: "a")...UInt8(ascii: "z"): digit = byte - UInt8(ascii: "a") + 26
            case UInt8(ascii: "0")...UInt8(ascii: "9"): digit = byte - UInt8(ascii: "0") + 52
            case UInt8(ascii: "+"): digit = 62
            case UInt8(ascii: "/"): digit = 63
            default: return nil
            }
            bits = (bits << 6 | UInt32(digit)) & 0xffffff
            count += 6
            if count >= 8 {
                count -= 8
                bytes.append(UInt8(truncatingIfNeeded: bits >> UInt32(count)))
            }
        }
        return bytes
    }
}
