import LayerFormat
import OCI
import TestSupport
import Testing

@Suite("Reading tars")
struct TarReaderTests {
    @Test func entriesOfTheVectorAreThoseOfThePeer() throws {
        let tar = try Vectors.tar()
        #expect(Digest(of: tar).hex == "17abd6be04824c0d14bc86b2e2ef111230806308f635fb6afa9bfa68c502014a")
        let read = ReadTar(tar)
        #expect(read.error == nil)
        #expect(read.contentEnd == 17920)
        let long = "usr/share/" + String(repeating: "d", count: 95) + "/f"
        let table: [(String, TarEntry.Kind, Int64, Int64, String, UInt32, UInt32)] = [
            ("etc/", .directory, 512, 0, "", 0o755, 0), ("etc/motd", .regular, 1024, 3000, "", 0o644, 0),
            ("etc/link", .symlink, 4608, 0, "motd", 0o777, 0), ("etc/hard", .hardlink, 5120, 0, "etc/motd", 0o644, 0),
            ("etc/.wh.old", .regular, 5632, 0, "", 0o644, 0), ("opt/", .directory, 6144, 0, "", 0o755, 0),
            ("opt/.wh..wh..opq", .regular, 6656, 0, "", 0o644, 0), ("bin/ping", .regular, 8192, 32, "", 0o4755, 0),
            ("dev/null", .characterDevice, 9216, 0, "", 0o666, 0), (long, .regular, 10752, 5, "", 0o644, 1000),
            ("data", .regular, 11776, 5000, "", 0o644, 0),
        ]
        #expect(read.entries.count == table.count)
        for (entry, row) in zip(read.entries, table) {
            #expect(entry.name == Array(row.0.utf8))
            #expect(entry.kind == row.1)
            #expect(entry.contentOffset == row.2)
            #expect(entry.storedSize == row.3)
            #expect(entry.linkName == Array(row.4.utf8))
            #expect(entry.mode == row.5)
            #expect(entry.uid == row.6 && entry.gid == row.6)
            #expect(entry.userName == Array("root".utf8) && entry.groupName == Array("root".utf8))
        }
        func record(_ key: String, _ value: String) -> TarEntry.Record {
            TarEntry.Record(key: Array(key.utf8), value: Array(value.utf8))
        }
        #expect(
            read.named("bin/ping")?.records
                == [record("SCHILY.xattr.user.note", "hi"), record("mtime", "1700000000.25")])
        #expect(read.named("bin/ping")?.modified == Timestamp(seconds: 1_700_000_000, nanoseconds: 250_000_000))
        #expect(read.named(long)?.records == [record("path", long)])
        #expect(read.named("dev/null").map { [$0.deviceMajor, $0.deviceMinor] } == [1, 3])
    }

    @Test("Any cut of the input gives the same", arguments: [1, 7, 511, 512, 513, 4096])
    func piecesDoNotMatter(size: Int) throws {
        let tar = LayerMaker.oddities().finished()
        #expect(ReadTar(tar, pieceSize: size) == ReadTar(tar))
        #expect(ReadTar(tar).error == nil)
    }

    @Test("A tar cut anywhere is an error, but between entries and in padding")
    func cuts() throws {
        var layer = LayerMaker()
        layer.file("a", [UInt8](repeating: 1, count: 700))
        layer.file("b", "x", LayerMaker.Attributes(nanoseconds: 5))
        let tar = layer.finished()
        // a: header to 512, content to 1212, padding to 1536; b: PAX header and records to 2560, header to 3072,
        // content to 3073.
        for end in 0...tar.count {
            let isWhole =
                [0, 2560, 4096].contains(end) || (1212...1536).contains(end) || (3073...3584).contains(end)
                || end >= 4608
            #expect((ReadTar(Array(tar[..<end])).error == nil) == isWhole, "cut at \(end)")
        }
    }

    @Test func theEndIsWhereThePeerStops() throws {
        var layer = LayerMaker()
        layer.file("a", "x")
        let end = Int64(layer.tar.bytes.count)
        #expect(ReadTar(layer.tar.bytes).contentEnd == end)
        #expect(ReadTar(layer.tar.bytes + [UInt8](repeating: 0, count: 512)).contentEnd == end + 512)
        #expect(ReadTar(layer.tar.bytes + [UInt8](repeating: 0, count: 5000) + [1, 2, 3]).contentEnd == end + 1024)
        #expect(ReadTar([]) == ReadTar([], pieceSize: 1))
        #expect(ReadTar([]).contentEnd == 0)
        // One zero block and then more is a damaged tar: Go's reader says so as well.
        let zeroBlock = [UInt8](repeating: 0, count: 512)
        #expect(ReadTar(layer.tar.bytes + zeroBlock + layer.tar.bytes).error?.code == .malformed)
    }

    @Test func globalHeadersAreDefaults() {
        var tar = TarBytes()
        func global(_ records: [(String, String)]) {
            tar.append(records: records.map { (key: $0.0, value: Array($0.1.utf8)) }, flag: "g")
        }
        global([("comment", "c"), ("uid", "70000"), ("mtime", "5.5"), ("gname", "staff")])
        tar.append(TarBytes.Header("one".utf8, flag: "0"))
        tar.append(records: [("uid", Array("3".utf8)), ("gname", [])])
        tar.append(TarBytes.Header("two".utf8, flag: "0"))
        global([("uid", "")])
        tar.append(TarBytes.Header("three".utf8, flag: "0"))
        let read = ReadTar(tar.bytes)
        #expect(read.entries.map(\.uid) == [70000, 3, 0])
        #expect(read.entries.map(\.modified.nanoseconds) == [500_000_000, 500_000_000, 500_000_000])
        #expect(read.entries.map { String(decoding: $0.groupName, as: UTF8.self) } == ["staff", "root", "staff"])
        // Global records are not the entry's own.
        #expect(read.entries.map(\.records.count) == [0, 2, 0])
    }

    @Test func typesWithoutContentHaveNoneWhateverTheirSizeSays() {
        for flag: Character in ["1", "2", "3", "4", "5", "6"] {
            var tar = TarBytes()
            var header = TarBytes.Header("a".utf8, flag: flag)
            (header.size, header.linkName) = (5000, Array("b".utf8))
            tar.append(header)
            tar.append(TarBytes.Header("behind".utf8, flag: "0"))
            #expect(ReadTar(tar.bytes).named("behind")?.contentOffset == 1024)
            #expect(ReadTar(tar.bytes).named("a")?.storedSize == 0)
        }
    }

    @Test("Types that make no entry are jumped over", arguments: ["V", "A", "N", "z"] as [Character])
    func unknownTypes(flag: Character) {
        var tar = TarBytes()
        var header = TarBytes.Header("label".utf8, flag: flag)
        header.size = 600
        tar.append(header)
        tar.append(content: [UInt8](repeating: 9, count: 600))
        tar.append(TarBytes.Header("behind".utf8, flag: "0"))
        #expect(ReadTar(tar.bytes).entries.map(\.contentOffset) == [2048])
    }

    @Test func sizesHave64Bits() {
        for viaRecord in [false, true] {
            var tar = TarBytes()
            var header = TarBytes.Header("big".utf8, flag: "0")
            if viaRecord {
                tar.append(records: [("size", Array("20000000000".utf8))])
            } else {
                header.size = 20_000_000_000
            }
            tar.append(header)
            let read = ReadTar(tar.bytes)
            #expect(read.named("big")?.storedSize == 20_000_000_000)
            #expect(read.error?.code == .malformed, "its content is missing")
        }
    }

    @Test func namesOfTheDialects() {
        var tar = TarBytes()
        for magic in [Array("ustar\u{0}00".utf8), TarBytes.Header.gnuMagic, []] {
            var header = TarBytes.Header("name".utf8, flag: "0")
            (header.magic, header.prefix) = (magic, Array("prefix".utf8))
            tar.append(header)
        }
        var star = TarBytes.Header("name".utf8, flag: "0")
        star.prefix = Array((String(repeating: "p", count: 131) + "12345678901").utf8)
        star.patches = [(508, Array("tar\u{0}".utf8))]
        tar.append(star)
        let names = ReadTar(tar.bytes).entries.map { String(decoding: $0.name, as: UTF8.self) }
        #expect(names == ["prefix/name", "name", "name", String(repeating: "p", count: 131) + "/name"])
    }

    @Test func checksumsOfSignedBytesCount() {
        var tar = TarBytes()
        tar.append(TarBytes.Header([0xe9, 0xff], flag: "0"))
        var block = tar.bytes
        for place in 148..<156 { block[place] = UInt8(ascii: " ") }
        let sum = block.reduce(0) { $0 + Int(Int8(bitPattern: $1)) }
        let digits = Array(String(sum, radix: 8).utf8)
        block.replaceSubrange(148..<156, with: [UInt8](repeating: 48, count: 6 - digits.count) + digits + [0, 32])
        #expect(ReadTar(block).error == nil)
        block[0] ^= 1
        #expect(ReadTar(block).error?.code == .malformed)
    }
}

enum Vectors {
    /// Vector C of soci.md, unpacked from vector A.
    static func tar() throws -> [UInt8] {
        try Tool.check(["sh", "-c", "base64 -d | gzip -dc"], input: Array(vectorA.utf8))
    }
}
