/// A deflate stream decoded block by block where that is wanted, and quickly past blocks where it is not.
///
/// ISA-L stops between blocks only at the end of a stream, so blocks are made the last of theirs (see `IgzipStream+Blocks.swift`).
struct BlockStream: ~Copyable {
    /// Where a call stopped.
    enum Stop {
        /// Behind a block that is not the stream's last.
        case boundary
        /// The stream has ended.
        case end
        /// Within a block, or in want of input or room; whether anything was taken or given.
        case within(hasProgress: Bool)
    }

    /// How the block is read that the stream is in or that comes next.
    private enum Block {
        case passing
        case ending(isLast: Bool)
    }

    private(set) var igzip = IgzipStream()
    /// Bytes of content of this stream.
    private(set) var count: Int64 = 0
    /// CRC-32 of that content.
    private(set) var checksum: UInt32 = 0
    private var block = Block.passing
    /// Of how much content the decoder was told when it went on last.
    private var known: Int64 = 0

    /// Expects a new stream's first block next.
    mutating func restart() {
        igzip.restart()
        (count, checksum, block, known) = (0, 0, .passing, 0)
    }

    /// Decodes from `input[position...]` until the next block border, the end of the input or a full output buffer.
    /// - Parameter uninteresting: within so many bytes of content to come, block borders need not be noticed.
    mutating func inflate(
        _ input: borrowing Span<UInt8>, at position: inout Int, uninteresting: Int64
    ) throws(GzipError) -> Stop {
        var limit = IgzipStream.outputCapacity
        if case .passing = block {
            let left = uninteresting - Int64(igzip.ahead + IgzipStream.farthestAhead)
            if left > 0 {
                limit = min(limit, igzip.filled + Int(min(left, Int64(limit))))
            } else if let isLast = igzip.finishBehindBlock(input, at: &position) {
                block = .ending(isLast: isLast)
            } else {
                return .within(hasProgress: false)
            }
        }
        let before = igzip.filled
        let hasProgress = try igzip.inflate(input, at: &position, limit: limit)
        let given = igzip.filled - before
        count += Int64(given)
        checksum = igzip.checksum(checksum, ofLast: given)
        guard igzip.isFinished else { return .within(hasProgress: hasProgress) }
        guard case .ending(isLast: false) = block else { return .end }
        // Without new content it still knows what it was told: a stream may hold any number of empty blocks.
        try igzip.goOn(history: known == count ? 0 : Int(min(count, Int64(Checkpoint.windowSize))))
        known = count
        block = .passing
        return .boundary
    }

    /// The content decoded since the last call.
    mutating func takeOutput() -> [UInt8] { igzip.takeOutput() }

    /// The whole bytes that were read ahead but lie behind the end of the stream.
    mutating func takeUnusedInput() -> [UInt8] { igzip.takeUnusedInput() }
}
