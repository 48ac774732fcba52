import Gzip
import TestSupport
import Testing

/// Input that is cut, padded or changed: a clear error or the right bytes, and always an end.
@Suite struct HostileInputTests {
    static let content = Array(FlavourTests.content.prefix(120_000))
    /// Two members of stored blocks and one of an empty stream, without any tool.
    static let blob = member(Array(content.prefix(70_000))) + member([]) + member(Array(content.dropFirst(70_000)))

    static func member(_ content: [UInt8]) -> [UInt8] {
        var bytes: [UInt8] = [0x1f, 0x8b, 8, 8, 0, 0, 0, 0, 0, 3] + Array("n".utf8) + [0]
        var rest = content[...]
        repeat {
            let block = rest.prefix(65535)
            rest = rest.dropFirst(block.count)
            let length = UInt16(block.count)
            bytes += [rest.isEmpty ? 1 : 0]
            for word in [length, ~length] { bytes += [UInt8(truncatingIfNeeded: word), UInt8(word >> 8)] }
            bytes += block
        } while !rest.isEmpty
        for word in [crc(content), UInt32(content.count)] {
            bytes += (0..<4).map { UInt8(truncatingIfNeeded: word >> (8 * UInt32($0))) }
        }
        return bytes
    }

    private static func crc(_ bytes: [UInt8]) -> UInt32 {
        var value = UInt32.max
        for byte in bytes {
            value ^= UInt32(byte)
            for _ in 0..<8 { value = value >> 1 ^ (value & 1 == 0 ? 0 : 0xedb8_8320) }
        }
        return ~value
    }

    @Test(
        arguments: [
            [0], Array(repeating: 0, count: 100_000), [0x1f], [0x1f, 0x8b, 8], Array("garbage".utf8),
            [0x78, 0x9c, 3, 0],
            [0x1f, 0x8b, 9, 0], [0x1f, 0x8b, 8, 0, 0, 0, 0, 0, 0],
        ] as [[UInt8]], [1, 1 << 20])
    func whatFollowsTheLastMemberIsIgnored(_ trailing: [UInt8], piece: Int) throws {
        let plain = try Stretches(Self.blob, spanSize: 30_000, piece: 1 << 20)
        let padded = try Stretches(Self.blob + trailing, spanSize: 30_000, piece: piece)
        #expect(padded.content == Self.content)
        #expect(padded.checkpoints == plain.checkpoints)
        #expect(
            try padded.decode(padded.checkpoints.count - 1, piece: piece)
                == plain.decode(plain.checkpoints.count - 1, piece: 99))
    }

    @Test func aStreamCutAnywhereIsTruncatedOrEndsAtAMember() throws {
        let ends = [12 + 5 + 65535 + 5 + 4465 + 8, 12 + 5 + 65535 + 5 + 4465 + 8 + 12 + 5 + 8]
        let cuts = [0, 1, 5, 11, 12, 13, 70_000, 70_024, 70_029] + ends + [Self.blob.count - 9, Self.blob.count - 1]
        for cut in cuts {
            let inflater = CheckpointingInflater(spanSize: 1000)
            try inflater.feed(Array(Self.blob.prefix(cut)), content: { _ in }, checkpoint: { _ in })
            // Less than a header behind a member is trailing garbage.
            if ends.contains(where: { (0..<12).contains(cut - $0) }) {
                try inflater.finish()
            } else {
                #expect { try inflater.finish() } throws: { ($0 as? GzipError)?.code == .truncated }
            }
        }
    }

    @Test func changedContentFailsItsChecksum() {
        var blob = Self.blob
        blob[5000] ^= 1
        let inflater = CheckpointingInflater(spanSize: 1000)
        #expect {
            try inflater.feed(blob, content: { _ in }, checkpoint: { _ in })
        } throws: { ($0 as? GzipError)?.code == .malformed }
    }

    /// Bits of the trailer's checksum and of its length, of the only member and of the last of many.
    @Test(arguments: [-8, -5, -4, -1], [false, true]) func aChangedTrailerIsRefused(_ place: Int, isLast: Bool) throws {
        try #require(Tool.isInstalled("gzip"), "a tool of the test is not installed")
        var blob = try Tool.check(["gzip", "-6c"], input: Self.content)
        blob[blob.count + place] ^= 0x80
        let inflater = CheckpointingInflater(spanSize: 50_000)
        #expect {
            try inflater.feed((isLast ? Self.blob : []) + blob, content: { _ in }, checkpoint: { _ in })
        } throws: { ($0 as? GzipError)?.code == .malformed }
    }

    @Test func aHeaderThatDiffersFromItsChecksumIsRefused() throws {
        try #require(Tool.isInstalled("python3"), "a tool of the test is not installed")
        let flavour = try #require(Flavour.all.first { $0.name == "all fields" })
        var blob = try Tool.check(flavour.command, input: Self.content)
        // In the middle of the extra field.
        blob[14] ^= 1
        let inflater = CheckpointingInflater(spanSize: 50_000)
        #expect {
            try inflater.feed(blob, content: { _ in }, checkpoint: { _ in })
        } throws: { ($0 as? GzipError)?.code == .malformed }
    }

    /// Ten bits make an empty block, each with a checkpoint and its window in front of content.
    @Test func emptyBlocksDoNotGrowWithoutBound() throws {
        let header: [UInt8] = [0x1f, 0x8b, 8, 0, 0, 0, 0, 0, 0, 3]
        // Four blocks of fixed codes: 010 0000000 each, bits from the least significant on.
        let fourBlocks: [UInt8] = [0x02, 0x08, 0x20, 0x80, 0x00]
        let blocks = Array(repeatElement(fourBlocks, count: 2000).joined())
        var checkpoints = 0
        let inflater = CheckpointingInflater(spanSize: 1000)
        #expect {
            try inflater.feed(header + blocks, content: { _ in }, checkpoint: { _ in checkpoints += 1 })
        } throws: { ($0 as? GzipError)?.code == .malformed }
        #expect(checkpoints == 1024)
        // Behind content they may be as many as they like.
        let stored: [UInt8] = [0, 1, 0, 0xfe, 0xff, UInt8(ascii: "x")]
        let calm = CheckpointingInflater(spanSize: 1000)
        var content: [UInt8] = []
        try calm.feed(header + stored + blocks, content: { content += $0 }, checkpoint: { _ in })
        #expect(content == Array("x".utf8))
    }

    @Test(
        arguments: [[0x50, 0x4b, 3, 4], [0x78, 0x9c, 3, 0, 0, 0, 0, 1], [0x1f, 0x8b, 7, 0, 0, 0, 0, 0, 0, 0]]
            as [[UInt8]])
    func refusesWhatIsNoGzip(_ bytes: [UInt8]) {
        let inflater = CheckpointingInflater(spanSize: 1000)
        #expect {
            try inflater.feed(bytes, content: { _ in }, checkpoint: { _ in })
        } throws: { ($0 as? GzipError)?.code == .malformed }
    }

    @Test func missingBytesAreAnError() throws {
        let stretches = try Stretches(Self.blob, spanSize: 30_000, piece: 1 << 20)
        let decoder = CheckpointDecoder(bits: 0, window: [], need: 70_000)
        let start = Int(stretches.checkpoints[0].compressedOffset)
        var count = 0
        try decoder.feed(Array(Self.blob[start..<start + 40_000])) { count += $0.count }
        #expect(count == 40_000 - 5)
        #expect(decoder.missing == 70_000 - Int64(count))
        #expect { try decoder.finish() } throws: { ($0 as? GzipError)?.code == .truncated }
    }

    @Test func contentIsWantedWhereNoMemberFollows() throws {
        let decoder = CheckpointDecoder(bits: 0, window: [], need: 200_000)
        #expect {
            try decoder.feed(Array(Self.blob[12...]) + Array(repeating: 0, count: 100)) { _ in }
        } throws: { ($0 as? GzipError)?.code == .malformed }
    }

    @Test func neverGivesMoreThanNeeded() throws {
        for need in [0, 1, 65_534, 65_535, 65_536, 70_000, 70_001, 119_999] {
            let decoder = CheckpointDecoder(bits: 0, window: [], need: Int64(need))
            var content: [UInt8] = []
            try decoder.feed(Array(Self.blob[12...])) { content += $0 }
            try decoder.finish()
            #expect(content == Array(Self.content.prefix(need)))
        }
    }

    @Test func piecesOfContentAreBounded() throws {
        let zeros = [UInt8](repeating: 0, count: 8 << 20)
        try #require(Tool.isInstalled("gzip"), "a tool of the test is not installed")
        let blob = try Tool.check(["gzip", "-9c"], input: zeros)
        let stretches = try Stretches(blob, spanSize: 1 << 20, piece: 1 << 20)
        #expect(stretches.content == zeros)
        #expect(stretches.largestPiece <= 256 * 1024)
        let decoder = CheckpointDecoder(bits: 0, window: [], need: 8 << 20)
        var largest = 0
        try decoder.feed(Array(blob[10...])) { largest = max(largest, $0.count) }
        #expect(largest <= 256 * 1024)
    }

    @Test func randomChangesNeverCrash() throws {
        try #require(Tool.isInstalled("gzip"), "a tool of the test is not installed")
        let blob = try Tool.check(["gzip", "-6c"], input: Array(Self.content.suffix(60_000)))
        let members = blob + Self.member(Array(Self.content.prefix(1000))) + blob
        var random = Random(seed: 7)
        var failures = 0
        for _ in 0..<1000 {
            var changed = members
            for _ in 0...random.next(below: 4) {
                changed[random.next(below: changed.count)] = UInt8(truncatingIfNeeded: random.next())
            }
            let inflater = CheckpointingInflater(spanSize: 1000)
            let start = random.next(below: changed.count - 600)
            let bits = UInt8(random.next(below: 8))
            let decoder = CheckpointDecoder(bits: bits, window: Array(changed.prefix(32768)), need: 50_000)
            var given = 0
            do {
                try decoder.feed(Array(changed[start..<start + 500])) { given += $0.count }
                try decoder.feed(Array(changed[(start + 500)...])) { given += $0.count }
                try decoder.finish()
            } catch is GzipError {
                failures += 1
            }
            #expect(given <= 50_000)
            do {
                try inflater.feed(changed, content: { _ in }, checkpoint: { _ in })
                try inflater.finish()
            } catch is GzipError {
                failures += 1
            }
        }
        #expect(failures > 1000)
    }
}
