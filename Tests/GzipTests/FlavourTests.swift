import Gzip
import TestSupport
import Testing

/// Every way of gzip is decoded whole, and from each of its checkpoints.
@Suite struct FlavourTests {
    /// Text, zeros, and bytes that do not compress: all kinds of blocks.
    static let content: [UInt8] = {
        var random = Random(seed: 1)
        var bytes: [UInt8] = []
        for section in 0..<40 {
            switch section % 4 {
            case 0: bytes += (0..<400).flatMap { Array("line \($0 * section) of a file in a layer\n".utf8) }
            case 1: bytes += Array(repeating: 0, count: 20_000)
            case 2: bytes += (0..<9_000).map { _ in UInt8(truncatingIfNeeded: random.next()) }
            default: bytes += (0..<9_000).map { _ in UInt8(random.next() % 7) * 9 }
            }
        }
        return bytes
    }()

    @Test(arguments: Flavour.all) func decodesWholeAndFromEachCheckpoint(_ flavour: Flavour) throws {
        try #require(flavour.isAvailable, "a tool of the test is not installed")
        let blob = try Tool.check(flavour.command, input: Self.content)
        // Some flavours leave out a part of the content.
        let expected = try Tool.check(["gzip", "-dc"], input: blob)
        let whole = try Stretches(blob, spanSize: 10_000, piece: 1 << 20)
        #expect(whole.content == expected)
        // igzip -0 makes one block of it all.
        try #require(whole.checkpoints.count > (flavour.name == "igzip -0" ? 0 : 1))
        for piece in [61, 4096] {
            let other = try Stretches(blob, spanSize: 10_000, piece: piece)
            #expect(other.content == expected)
            #expect(other.checkpoints == whole.checkpoints)
        }
        for (index, checkpoint) in whole.checkpoints.enumerated() {
            let offset = Int(checkpoint.contentOffset)
            let window = Array(expected[max(0, offset - Checkpoint.windowSize)..<offset])
            #expect(checkpoint.window == window)
            let end =
                index + 1 < whole.checkpoints.count ? Int(whole.checkpoints[index + 1].contentOffset) : expected.count
            for piece in [1 << 20, 100] {
                #expect(try whole.decode(index, piece: piece) == Array(expected[offset..<end]))
            }
        }
    }

    /// Larger spans than ISA-L decodes ahead, and smaller ones.
    @Test(arguments: Flavour.all) func checkpointsLieWhereZlibSees(_ flavour: Flavour) throws {
        try #require(flavour.isAvailable, "a tool of the test is not installed")
        let short = try Tool.check(flavour.command, input: Array(Self.content.prefix(60_000)))
        let long = try Tool.check(flavour.command, input: Self.content + Self.content)
        for (blob, spanSize, piece) in [
            (short, 1, 4096), (short, 100, 61), (long, 100_000, 1000), (long, 300_000, 1 << 20),
        ] {
            let expected = try #require(zlibCheckpoints(blob, spanSize: Int64(spanSize)))
            let found = try Stretches(blob, spanSize: Int64(spanSize), piece: piece).checkpoints
            #expect(found.map(\.contentOffset) == expected.map(\.contentOffset))
            #expect(found == expected)
        }
    }

    @Test(arguments: [0, 7, 19]) func oneByteAtATime(_ index: Int) throws {
        let flavour = Flavour.all[index]
        try #require(flavour.isAvailable, "a tool of the test is not installed")
        let blob = try Tool.check(flavour.command, input: Array(Self.content.prefix(100_000)))
        let whole = try Stretches(blob, spanSize: 5000, piece: 1 << 20)
        let slow = try Stretches(blob, spanSize: 5000, piece: 1)
        #expect(slow.checkpoints == whole.checkpoints)
        #expect(slow.content == whole.content)
        for index in whole.checkpoints.indices {
            #expect(try whole.decode(index, piece: 1) == whole.decode(index, piece: 1 << 20))
        }
    }

    @Test(arguments: Flavour.all) func aCheckpointReachesToTheEnd(_ flavour: Flavour) throws {
        try #require(flavour.isAvailable, "a tool of the test is not installed")
        let blob = try Tool.check(flavour.command, input: Self.content)
        let stretches = try Stretches(blob, spanSize: 50_000, piece: 1 << 20)
        for checkpoint in stretches.checkpoints {
            let need = stretches.content.count - Int(checkpoint.contentOffset)
            let decoder = CheckpointDecoder(bits: checkpoint.bits, window: checkpoint.window, need: Int64(need))
            var content: [UInt8] = []
            let start = Int(checkpoint.compressedOffset) - (checkpoint.bits == 0 ? 0 : 1)
            // Garbage behind the wanted content must not matter.
            try decoder.feed(Array(blob[start...]) + Array(repeating: 0xff, count: 100)) { content += $0 }
            try decoder.finish()
            #expect(content == Array(stretches.content.suffix(need)))
        }
    }
}

/// Numbers that look random and are the same each time.
struct Random {
    private var state: UInt64

    init(seed: UInt64) { state = seed }

    mutating func next() -> UInt64 {
        state = state &* 6_364_136_223_846_793_005 &+ 1_442_695_040_888_963_407
        return state >> 33
    }

    mutating func next(below bound: Int) -> Int { Int(next() % UInt64(bound)) }
}

/// A blob cut at its checkpoints.
struct Stretches {
    var blob: [UInt8]
    var content: [UInt8] = []
    var checkpoints: [Checkpoint] = []
    var largestPiece = 0

    init(_ blob: [UInt8], spanSize: Int64, piece: Int) throws {
        self.blob = blob
        let inflater = CheckpointingInflater(spanSize: spanSize)
        for start in stride(from: 0, to: blob.count, by: piece) {
            try inflater.feed(
                Array(blob[start..<min(start + piece, blob.count)]),
                content: {
                    content += $0
                    largestPiece = max(largestPiece, $0.count)
                }, checkpoint: { checkpoints.append($0) })
        }
        try inflater.finish()
        #expect(inflater.contentCount == Int64(content.count))
        #expect(inflater.compressedCount == Int64(blob.count))
    }

    func decode(_ index: Int, piece: Int) throws -> [UInt8] {
        let checkpoint = checkpoints[index]
        let isLast = index + 1 == checkpoints.count
        let start = Int(checkpoint.compressedOffset) - (checkpoint.bits == 0 ? 0 : 1)
        let end = isLast ? blob.count : Int(checkpoints[index + 1].compressedOffset)
        let contentEnd = isLast ? Int64(content.count) : checkpoints[index + 1].contentOffset
        let decoder = CheckpointDecoder(
            bits: checkpoint.bits, window: checkpoint.window, need: contentEnd - checkpoint.contentOffset)
        var result: [UInt8] = []
        for position in stride(from: start, to: end, by: piece) {
            try decoder.feed(Array(blob[position..<min(position + piece, end)])) { result += $0 }
        }
        try decoder.finish()
        return result
    }
}
