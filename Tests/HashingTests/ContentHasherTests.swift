import Hashing
import Testing

@Suite struct ContentHasherTests {
    private static func hex(_ bytes: [UInt8]) -> String {
        bytes.map { ($0 < 16 ? "0" : "") + String($0, radix: 16) }.joined()
    }

    // FIPS 180-4's own examples.
    private static let abc256 = "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"
    private static let empty256 = "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"
    private static let abc512 =
        "ddaf35a193617abacc417349ae20413112e6fa4e89a97ea20a9eeee64b55d39a"
        + "2192992a274fc1a836ba3c23a3feebbd454d4423643ce80e2a9ac94fa54ca49f"

    @Test func hashesTheStandardsExamples() {
        #expect(Self.hex(ContentHasher.hash(Array("abc".utf8))) == Self.abc256)
        #expect(Self.hex(ContentHasher.hash([])) == Self.empty256)
        #expect(Self.hex(ContentHasher.hash(Array("abc".utf8), .sha512)) == Self.abc512)
    }

    @Test(arguments: [1, 3, 64, 1000]) func piecesDoNotMatter(_ piece: Int) {
        let content = (0..<10_000).map { UInt8(truncatingIfNeeded: $0 * $0 >> 3) }
        var hasher = ContentHasher()
        for start in stride(from: 0, to: content.count, by: piece) {
            hasher.update(content.span.extracting(start..<min(start + piece, content.count)))
            hasher.update([])
        }
        let pieces = hasher.finish()
        #expect(pieces == ContentHasher.hash(content))
        #expect(pieces.count == ContentHasher.Algorithm.sha256.byteCount)
    }
}
