import LayerFormat
import TestSupport
import Testing

@Suite("Hostile tars")
struct HostileTarTests {
    struct Case: CustomTestStringConvertible {
        var testDescription: String
        var code: LayerFormatError.Code
        var build: @Sendable (inout TarBytes) -> Void

        init(_ name: String, _ code: LayerFormatError.Code, _ build: @escaping @Sendable (inout TarBytes) -> Void) {
            testDescription = name
            self.code = code
            self.build = build
        }

        static func records(_ name: String, _ code: LayerFormatError.Code, _ content: String) -> Case {
            Case(name, code) { tar in
                var header = TarBytes.Header("x".utf8, flag: "x")
                header.size = Int64(content.utf8.count)
                tar.append(header)
                tar.append(content: Array(content.utf8))
                tar.append(TarBytes.Header("a".utf8, flag: "0"))
            }
        }

        static func header(
            _ name: String, _ code: LayerFormatError.Code, _ change: @escaping @Sendable (inout TarBytes.Header) -> Void
        ) -> Case {
            Case(name, code) { tar in
                var header = TarBytes.Header("a".utf8, flag: "0")
                change(&header)
                tar.append(header)
            }
        }

        static func sparse(_ name: String, size: Int64, stored: Int64, _ map: String) -> Case {
            Case(name, .malformed) { tar in
                tar.append(records: [
                    ("GNU.sparse.size", Array(String(size).utf8)), ("GNU.sparse.map", Array(map.utf8)),
                ])
                var header = TarBytes.Header("a".utf8, flag: "0")
                header.size = stored
                tar.append(header)
                tar.append(content: [UInt8](repeating: 1, count: Int(stored)))
            }
        }
    }

    static let cases: [Case] = [
        .header("wrong checksum", .malformed) { $0.patches = [(148, Array("0000000\u{0}".utf8))] },
        .header("size that is no number", .malformed) { $0.patches = [(124, Array("12x".utf8))] },
        .header("negative size", .malformed) { $0.size = -5 },
        .header("size near 2^63", .malformed) { $0.size = .max - 100 },
        .header("size beyond 64 bits", .malformed) {
            $0.patches = [(124, [0x80] + [UInt8](repeating: 0xff, count: 11))]
        },
        .header("huge PAX header", .tooLarge) { ($0.flag, $0.size) = (UInt8(ascii: "x"), 1 << 40) },
        .header("huge long name", .tooLarge) { ($0.flag, $0.size) = (UInt8(ascii: "L"), 5000) },
        .header("negative PAX header", .tooLarge) { ($0.flag, $0.size) = (UInt8(ascii: "x"), -1) },
        .header("part of a volume", .unsupported) { $0.flag = UInt8(ascii: "M") },
        .header("sparse type without GNU header", .malformed) { $0.flag = UInt8(ascii: "S") },
        .header("old sparse file, data beyond its end", .malformed) {
            ($0.flag, $0.magic, $0.size) = (UInt8(ascii: "S"), TarBytes.Header.gnuMagic, 512)
            $0.patches = [(386, TarBytes.number(0, 12) + TarBytes.number(512, 12)), (483, TarBytes.number(100, 12))]
        },
        .records("record length 0", .malformed, "0 a=b\n"),
        .records("record longer than its header", .malformed, "99 a=b\n"),
        .records("record without a newline", .malformed, "6 a=bc"),
        .records("record without =", .malformed, "6 abc\n"),
        .records("record without a key", .malformed, "5 =b\n"),
        .records("record length that is no number", .malformed, "x a=b\n"),
        .records("endless record length", .malformed, String(repeating: "1", count: 400)),
        .records("negative record length", .malformed, "-7 a=b\n"),
        .records("size that is no number", .malformed, "11 size=1x\n"),
        .records("time that is no number", .malformed, "13 mtime=1.x\n"),
        .records("uid beyond 64 bits", .malformed, "30 uid=99999999999999999999\n"),
        .records("path with a NUL", .malformed, "12 path=a\u{0}b\n"),
        .records("key with a NUL", .malformed, "8 a\u{0}b=c\n"),
        .records("sparse lengths without offsets", .malformed, "24 GNU.sparse.numbytes=1\n"),
        .sparse("map that overlaps", size: 100, stored: 20, "0,10,5,10"),
        .sparse("map that goes back", size: 100, stored: 20, "50,10,0,10"),
        .sparse("map beyond the file", size: 100, stored: 20, "95,10"),
        .sparse("map of more than is stored", size: 100, stored: 5, "0,10"),
        .sparse("map with half a pair", size: 100, stored: 20, "0,10,20"),
        .sparse("map of no numbers", size: 100, stored: 20, "0,x"),
        .sparse("map that overflows", size: .max, stored: 20, "9223372036854775807,10"),
        Case("sparse 1.0 map that never ends", .malformed) { tar in
            tar.append(records: [
                ("GNU.sparse.major", [49]), ("GNU.sparse.minor", [48]), ("GNU.sparse.realsize", [57]),
            ])
            var header = TarBytes.Header("a".utf8, flag: "0")
            header.size = 1024
            tar.append(header)
            tar.append(content: Array("5\n0\n0\n0\n".utf8) + [UInt8](repeating: 48, count: 1010))
        },
        Case("name of 5000 bytes", .tooLarge) { tar in
            let name = String(repeating: "a/", count: 2500)
            tar.append(records: [("path", Array(name.utf8))])
            tar.append(TarBytes.Header("a".utf8, flag: "0"))
        },
        Case("part of 256 bytes", .tooLarge) { tar in
            tar.append(long: [UInt8](repeating: 97, count: 256), flag: "L")
            tar.append(TarBytes.Header("a".utf8, flag: "0"))
        },
        Case("too many entries", .tooLarge) { tar in
            for _ in 0..<6 { tar.append(TarBytes.Header("a".utf8, flag: "0")) }
        },
    ]

    @Test(arguments: cases)
    func endsInAnError(_ hostile: Case) {
        var tar = TarBytes()
        hostile.build(&tar)
        tar.appendEnd()
        var limits = LayerLimits()
        limits.entries = 5
        let read = ReadTar(tar.bytes, limits: limits)
        #expect(read.error?.code == hostile.code, "\(read.error?.message ?? "no error")")
        #expect(read == ReadTar(tar.bytes, pieceSize: 100, limits: limits))
    }

    /// Any bytes give entries and an end or an error, never a crash, and the same in pieces.
    @Test func mutationsNeverCrash() throws {
        let tar = LayerMaker.oddities().tar.bytes
        var random = SplitMix(state: 2024)
        var errors = 0
        for _ in 0..<10_000 {
            // A part of the tar keeps one run fast.
            let start = Int(random.next() % UInt64(tar.count / 512)) * 512
            var mutated = Array(tar[start..<min(tar.count, start + 8 * 512)])
            for _ in 0..<1 + random.next() % 4 {
                let place = Int(random.next() % UInt64(mutated.count))
                mutated[place] = random.next() % 3 == 0 ? UInt8(truncatingIfNeeded: random.next()) : UInt8(ascii: "7")
            }
            Self.repairChecksums(&mutated)
            let whole = ReadTar(mutated)
            #expect(whole == ReadTar(mutated, pieceSize: 1 + Int(random.next() % 1000)))
            if whole.error != nil { errors += 1 }
            _ = try? makeTree(whole.entries)
        }
        #expect(errors > 0 && errors < 10_000)
    }

    /// Makes the checksums of what looks like headers right again, so that mutations reach what lies behind the check.
    private static func repairChecksums(_ tar: inout [UInt8]) {
        for start in stride(from: 0, to: tar.count - 511, by: 512)
        where tar[start + 257..<start + 262].elementsEqual("ustar".utf8) {
            for place in start + 148..<start + 156 { tar[place] = UInt8(ascii: " ") }
            let sum = tar[start..<start + 512].reduce(0) { $0 + Int($1) }
            let digits = Array(String(sum, radix: 8).utf8)
            let field = [UInt8](repeating: 48, count: 6 - digits.count) + digits + [0]
            tar.replaceSubrange(start + 148..<start + 155, with: field)
        }
    }
}

/// A small generator whose runs can be repeated (Steele, Lea and Flood: SplitMix).
struct SplitMix: RandomNumberGenerator {
    var state: UInt64

    mutating func next() -> UInt64 {
        state &+= 0x9e37_79b9_7f4a_7c15
        var z = state
        z = (z ^ (z >> 30)) &* 0xbf58_476d_1ce4_e5b9
        z = (z ^ (z >> 27)) &* 0x94d0_49bb_1331_11eb
        return z ^ (z >> 31)
    }
}
