import Hashing
import Testing

@Suite struct SealingKeyTests {
    private let content = Array("user:password".utf8)
    private let context = Array("image repository".utf8)

    @Test(arguments: [0, 1, 15, 16, 17, 100_000]) func whatWasSealedOpens(_ count: Int) throws {
        let key = try #require(SealingKey((0..<32).map { UInt8($0) }))
        let content = (0..<count).map { UInt8(truncatingIfNeeded: $0 * 7) }
        let sealed = key.seal(content, context: context)
        #expect(sealed.count == count + 28)
        #expect(key.open(sealed, context: context) == content)
        #expect(key.open(key.seal(content, context: []), context: []) == content)
    }

    @Test func everythingElseStaysShut() {
        let key = SealingKey.random()
        let sealed = key.seal(content, context: context)
        #expect(key.open(sealed, context: Array("another image".utf8)) == nil)
        #expect(SealingKey.random().open(sealed, context: context) == nil)
        for position in sealed.indices {
            var harmed = sealed
            harmed[position] ^= 1
            #expect(key.open(harmed, context: context) == nil)
        }
        for count in 0..<sealed.count { #expect(key.open(Array(sealed.prefix(count)), context: context) == nil) }
        #expect(key.open(sealed + [0], context: context) == nil)
        #expect(key.open([UInt8](repeating: 0, count: SealingKey.maximumSealed + 1), context: []) == nil)
    }

    @Test func neverTwiceTheSameAndNeverPlain() {
        let key = SealingKey.random()
        let seals = (0..<50).map { _ in key.seal(content, context: context) }
        #expect(Set(seals).count == 50)
        #expect(Set(seals.map { Array($0.prefix(12)) }).count == 50)
        for seal in seals { #expect(!seal.indices.contains { seal[$0...].starts(with: content) }) }
        #expect(SealingKey.random().bytes != key.bytes)
    }

    // Test case 16 of the GCM specification (McGrew and Viega, appendix B), the AES-256 one with associated data.
    @Test func opensTheStandardsExample() throws {
        let key = try #require(
            SealingKey(Self.bytes("feffe9928665731c6d6a8f9467308308feffe9928665731c6d6a8f9467308308")))
        let text = Self.bytes(
            "522dc1f099567d07f47f37a32a84427d643a8cdcbfe5c0c97598a2bd2555d1aa8cb08e48590dbb3da7b08b1056828838"
                + "c5f61e6393ba7a0abcc9f662")
        let sealed = Self.bytes("cafebabefacedbaddecaf888") + text + Self.bytes("76fc6ece0f4e1768cddf8853bb2d551b")
        let plain = Self.bytes(
            "d9313225f88406e5a55909c5aff5269a86a7a9531534f7da2e4c303d8a318a721c3c0c95956809532fcf0e2449a6b525"
                + "b16aedf5aa0de657ba637b39")
        #expect(key.open(sealed, context: Self.bytes("feedfacedeadbeeffeedfacedeadbeefabaddad2")) == plain)
    }

    @Test func keysHaveOneLengthAndAreNotPrinted() {
        for count in [0, 31, 33] { #expect(SealingKey([UInt8](repeating: 7, count: count)) == nil) }
        let key = SealingKey([UInt8](repeating: 77, count: 32))
        var dumped = ""
        dump(key, to: &dumped)
        #expect(!dumped.contains("77") && !"\(String(describing: key)) \(String(reflecting: key))".contains("77"))
    }

    private static func bytes(_ hex: String) -> [UInt8] {
        let digits = hex.compactMap { $0.hexDigitValue }.map { UInt8($0) }
        return stride(from: 0, to: digits.count, by: 2).map { digits[$0] << 4 | digits[$0 + 1] }
    }
}
