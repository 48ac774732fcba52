import Hashing
import LayerFormat
import OCI
import SOCI
import Testing

/// Section 8 of soci.md: what the peer's tool wrote, and we must write, too.
@Suite struct VectorTests {
    struct Vector: Sendable, CustomTestStringConvertible {
        var name: String
        var blob: [UInt8]
        var compression: LayerCompression
        var spanSize: Int64
        var ztocDigest: String
        var spans: [(input: Int64, output: Int64, start: Int64, end: Int64, digest: String)]

        var testDescription: String { name }
    }

    static let vectors = [a, b, c]

    static let a = Vector(
        name: "A", blob: Vectors.layerA, compression: .gzip, spanSize: 2000,
        ztocDigest: "93893738d3789d8518658d43ccbdc00a167c75496ec9ef9796011ed44c0c5c8a",
        spans: [
            (10, 0, 10, 601, "f59266372e28dab8598b1a143d2c30c4f097d79b2ead983e8d5510994646f8ee"),
            (601, 3119, 601, 860, "161b19c016596304c06c87c41cc540982dfd86e2ff08416fed13ef35e5145806"),
            (860, 5128, 859, 1038, "80227ce068c9ae5ab19786e55816cf2f26c30995c63a83dc3c397f24d8367361"),
            (1038, 8091, 1038, 1256, "d1b5603935cc58f1a357c6ed0f440524937dd295bd37a7f6e927fac4806bbe3a"),
            (1256, 11938, 1256, 1805, "d93439b85c84cd8a8abfc39a8f4ff8090afa49b0b8d3c30be36997f35db2b768"),
            (1805, 14899, 1804, 2172, "0dcb2467d53908c61fa1846ad3714eb3d0adef2ee18b4cb8eb6073547c810002"),
        ])

    static let b = Vector(
        name: "B", blob: Vectors.layerB, compression: .gzip, spanSize: 1500,
        ztocDigest: "405c25801c5ecf0b3559be2fc92b40973f408369ffaf76961ebba31caf82e140",
        spans: [
            (20, 0, 20, 377, "1f5b563ecad6fc37f115e3123be0932af542f0cad09716330f39fa7d7dcd80db"),
            (377, 1917, 377, 852, "a146ee4b763ec0d6156dd4623bb4b833d4d2757e9ae1977faf7bffb01a9d7d6e"),
            (852, 4500, 852, 1025, "8d31f71af0627f2c7a960a2a39c2d018377d2ea357086dc2317f37ac571f86d1"),
            (1025, 6801, 1024, 1189, "f005dcedc4153fe64b811568f30ea2197614b2e94e872dfd477b6664e1d0b800"),
            (1189, 9000, 1189, 1356, "151914db278b256494678421133071e8cd88104f1a1eff56d06bb24ca448a49b"),
            (1356, 11265, 1355, 1742, "ee27d985f4f3e44fb060fad9c5f85170b2137ab2bad462eef8b0e15ff4be0c08"),
            (1742, 13098, 1742, 2234, "5c66c828d6039594400e3302cdb91ef77e1e8fde7d510b06d97b48216d32da33"),
            (2234, 15668, 2233, 2459, "a6f30faf83d5c24b6c9e67caa68b90d4f1036d6c4cb4787e2679fff22ecfd69a"),
        ])

    static let c = Vector(
        name: "C", blob: Vectors.tar, compression: .none, spanSize: 4096,
        ztocDigest: "398c986a58efb1a97489529bd525c4185ffbe662c750d9447576d181a0974a60",
        spans: [
            (0, 0, 0, 4096, "ed608d6af86fb6e592ee2f6eeb10c8866a38f5f48cb9eee8feac6b6c166250d2"),
            (4096, 4096, 4096, 8192, "d1a73a5773302cfdece1a9a94a60ccc67ff6af994acd36393146a26f1a13428c"),
            (8192, 8192, 8192, 12288, "0088b3ee6ed35e27c7bd8e48cf75e62ddc62e92b5b72219e4506caaca37ce639"),
            (12288, 12288, 12288, 16384, "cebc4c50a8d78d7e5105a8ebe76aa9515c0fb93e970c1c244906ac20bb207ddd"),
            (16384, 16384, 16384, 18432, "b6de665626654ff0a2b0351cdad900ab4ff9398781e9a4875fa0741b96b9dfb7"),
        ])

    @Test func fixturesAreTheSpecified() {
        #expect(Digest(of: Vectors.layerA).hex == "28dec82130e4fba77b29935892f9bb4c73f5d6954ade1e658ee1c90c6a1d459d")
        #expect(Digest(of: Vectors.layerB).hex == "47d081351b7a2c5506cf06e4d31b751aec987e6c16f28c8057aefc7a95e5b4ad")
        #expect(Digest(of: Vectors.tar).hex == "17abd6be04824c0d14bc86b2e2ef111230806308f635fb6afa9bfa68c502014a")
        #expect(Digest(of: Vectors.ztocA).hex == Self.a.ztocDigest)
        #expect(Digest(of: Vectors.ztocC).hex == Self.c.ztocDigest)
    }

    @Test(arguments: vectors, [1, 7, 512, 1 << 20])
    func writesTheSameBytesHoweverFed(_ vector: Vector, piece: Int) throws {
        let built = try Layers.index(vector.blob, vector.compression, spanSize: vector.spanSize, piece: piece)
        #expect(built.content == Vectors.tar)
        #expect(Digest(of: built.file).hex == vector.ztocDigest)
        #expect(built.layer.blobDigest == Digest(of: vector.blob))
        #expect(built.layer.blobSize == Int64(vector.blob.count))
        #expect(built.layer.diffID == Digest(of: Vectors.tar))
        #expect(built.layer.tarSize == 18432)
    }

    @Test(arguments: vectors) func readsAllFields(_ vector: Vector) throws {
        let file = try Layers.index(vector.blob, vector.compression, spanSize: vector.spanSize).file
        let ztoc = try ZTOC(InMemoryBytes(file))
        #expect(ztoc.buildTool == "AWS SOCI CLI v0.2")
        #expect(ztoc.compression == vector.compression)
        #expect(ztoc.blobSize == Int64(vector.blob.count))
        #expect(ztoc.contentSize == 17920)
        #expect(ztoc.spanSize == vector.spanSize)
        #expect(ztoc.entryCount == 11)
        try #require(ztoc.segmentCount == vector.spans.count)
        for (number, expected) in vector.spans.enumerated() {
            let segment = ztoc.segment(number)
            let end = number + 1 < vector.spans.count ? vector.spans[number + 1].output : 17920
            #expect(segment.number == number)
            #expect(segment.compressed == expected.start..<expected.end)
            #expect(segment.content == expected.output..<end)
            #expect(segment.digest.hex == expected.digest)
            let bytes = vector.blob[Int(expected.start)..<Int(expected.end)]
            #expect(Digest(of: Array(bytes)) == segment.digest)
        }
        #expect(try Layers.entries(file) == Self.entries)
    }

    /// The table of entries, the same for all three.
    static let entries: [TarEntry] = {
        let long = "usr/share/\(String(repeating: "d", count: 95))/f"
        func entry(
            _ name: String, _ kind: TarEntry.Kind, _ offset: Int64, _ size: Int64 = 0, link: String = "", mode: UInt32,
            owner: UInt32 = 0, device: (UInt32, UInt32) = (0, 0), nanoseconds: UInt32 = 0,
            records: [(String, String)] = []
        ) -> TarEntry {
            TarEntry(
                name: Array(name.utf8), kind: kind, contentOffset: offset, storedSize: size,
                linkName: Array(link.utf8), mode: mode, uid: owner, gid: owner, userName: Array("root".utf8),
                groupName: Array("root".utf8),
                modified: Timestamp(seconds: 1_700_000_000, nanoseconds: nanoseconds), deviceMajor: device.0,
                deviceMinor: device.1,
                records: records.map { TarEntry.Record(key: Array($0.0.utf8), value: Array($0.1.utf8)) })
        }
        return [
            entry("etc/", .directory, 512, mode: 0o755),
            entry("etc/motd", .regular, 1024, 3000, mode: 0o644),
            entry("etc/link", .symlink, 4608, link: "motd", mode: 0o777),
            entry("etc/hard", .hardlink, 5120, link: "etc/motd", mode: 0o644),
            entry("etc/.wh.old", .regular, 5632, mode: 0o644),
            entry("opt/", .directory, 6144, mode: 0o755),
            entry("opt/.wh..wh..opq", .regular, 6656, mode: 0o644),
            entry(
                "bin/ping", .regular, 8192, 32, mode: 0o4755, nanoseconds: 250_000_000,
                records: [("SCHILY.xattr.user.note", "hi"), ("mtime", "1700000000.25")]),
            entry("dev/null", .characterDevice, 9216, mode: 0o666, device: (1, 3)),
            entry(long, .regular, 10752, 5, mode: 0o644, owner: 1000, records: [("path", long)]),
            entry("data", .regular, 11776, 5000, mode: 0o644),
        ]
    }()
}
