import LayerFormat
import SOCI
import Testing

/// soci.md 1.5, mod_time: any zone is read, UTC is written, and the instant survives.
@Suite struct TimeTests {
    @Test(
        arguments: [
            ("2023-11-14T22:13:20Z", 1_700_000_000, 0),
            ("2023-11-15T03:58:20+05:45", 1_700_000_000, 0),
            ("2023-11-14T13:13:20.5-09:00", 1_700_000_000, 500_000_000),
            ("2023-11-14T22:13:20.000000001Z", 1_700_000_000, 1),
            ("1969-12-31T23:59:59.75Z", -1, 750_000_000),
            ("0001-01-01T00:00:00Z", -62_135_596_800, 0),
            ("0000-01-01T00:00:00Z", -62_167_219_200, 0),
            ("9999-12-31T23:59:59Z", 253_402_300_799, 0),
            ("2000-02-29T12:00:00Z", 951_825_600, 0),
            ("", 0, 0), ("yesterday", 0, 0), ("2023-13-14T22:13:20Z", 0, 0), ("2023-11-14T22:13:20", 0, 0),
            ("2023-11-14T22:13:20.Z", 0, 0), ("2023-11-14T22:13:20Zx", 0, 0), ("2023-11-14 22:13:20Z", 0, 0),
            ("2023-11-14T22:13:20+0545", 0, 0),
        ] as [(String, Int64, UInt32)])
    func reads(_ text: String, seconds: Int64, nanoseconds: UInt32) throws {
        var patch = ZTOCPatch(Vectors.ztocC)
        try patch.set(patch.entry(4), slot: 10, Array(text.utf8))
        #expect(try Layers.entries(patch.bytes)[4].modified == Timestamp(seconds: seconds, nanoseconds: nanoseconds))
    }

    /// Times at the ends of what the tar and the text can say, through a PAX record.
    @Test(arguments: [
        ("0", "1970-01-01T00:00:00Z"), ("-1.5", "1969-12-31T23:59:58.5Z"), ("1700000000.25", "2023-11-14T22:13:20.25Z"),
        ("951868799", "2000-02-29T23:59:59Z"), ("-62167219200", "0000-01-01T00:00:00Z"),
        ("253402300799.999999999", "9999-12-31T23:59:59.999999999Z"), ("253402300800", ""), ("-62167219201", ""),
    ])
    func writes(_ record: String, text: String) throws {
        let file = try Layers.index(Self.tar(mtime: record), .none).file
        let patch = ZTOCPatch(file)
        let string = patch.target(try #require(patch.field(patch.entry(0), 10)))
        let written = patch.bytes[(string + 4)..<(string + 4 + patch.integer(string, 4))]
        #expect(String(decoding: written, as: UTF8.self) == text)
    }

    /// A tar of one empty file with the given PAX mtime.
    private static func tar(mtime: String) -> [UInt8] {
        let body = " mtime=\(mtime)\n"
        var length = body.utf8.count + 2
        while String(length).utf8.count + body.utf8.count != length { length += 1 }
        let record = Array("\(length)\(body)".utf8)
        return header("x", type: "x", size: record.count) + record + zeros(512 - record.count)
            + header("f", type: "0", size: 0) + zeros(1024)
    }

    private static func zeros(_ count: Int) -> [UInt8] { Array(repeating: 0, count: count) }

    private static func header(_ name: String, type: Character, size: Int) -> [UInt8] {
        var block = zeros(512)
        func put(_ text: String, at offset: Int) {
            block.replaceSubrange(offset..<offset + text.utf8.count, with: text.utf8)
        }
        put(name, at: 0)
        put("0000644", at: 100)
        put("0000000", at: 108)
        put("0000000", at: 116)
        let digits = String(size, radix: 8)
        put(String(repeating: "0", count: 11 - digits.count) + digits, at: 124)
        put("00000000000", at: 136)
        put("        ", at: 148)
        put(String(type), at: 156)
        put("ustar\u{0}00", at: 257)
        let sum = String(block.reduce(0) { $0 + Int($1) }, radix: 8)
        put(String(repeating: "0", count: 6 - sum.count) + sum + "\u{0}", at: 148)
        return block
    }
}
