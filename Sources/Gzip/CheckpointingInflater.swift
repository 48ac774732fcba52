/// Decodes a gzip stream of any number of members and marks where decoding can be resumed later (soci.md 2.2).
///
/// The checkpoints depend on the bytes and on `spanSize` alone, not on how the stream is cut into pieces. What follows the last
/// member and is no gzip header (zero padding, garbage) is accepted and ignored.
package final class CheckpointingInflater {
    /// Bytes of blob fed so far, trailing garbage included.
    package private(set) var compressedCount: Int64 = 0
    /// Bytes of content decoded so far.
    package private(set) var contentCount: Int64 = 0

    private let spanSize: Int64
    private var stream = BlockStream()
    private var place = Place.gap(MemberGap(trailer: false))
    private var isFirstHeader = true
    private var lastCheckpoint: Int64 = 0
    private var checkpointsBeforeContent = 0

    /// Each of them is a window's worth of memory for ten bits of blob. Empty members and blocks in front of content are few.
    private static let mostBeforeContent = 1024

    private enum Place {
        /// In the trailer of one member or the header of the next.
        case gap(MemberGap)
        case deflate
        case trailing
    }

    /// - Parameter spanSize: a checkpoint is made when more than so many bytes of content lie behind the one before.
    package init(spanSize: Int64) {
        self.spanSize = spanSize
    }

    /// Takes the next bytes of the blob; calls `content` with what they decode to and `checkpoint` for each checkpoint, in order,
    /// but a checkpoint may come before the content in front of it.
    /// - Throws: `GzipError`, or what a closure throws. After an error the inflater can't be used further.
    package func feed(
        _ bytes: [UInt8], content: ([UInt8]) throws -> Void, checkpoint: (Checkpoint) throws -> Void
    ) throws {
        let start = compressedCount
        compressedCount += Int64(bytes.count)
        let input = bytes.span
        var position = 0
        while true {
            let goesOn: Bool
            switch place {
            case .trailing: goesOn = false
            case .gap(let gap): goesOn = try read(gap, input, at: &position, from: start, checkpoint)
            case .deflate: goesOn = try inflate(input, at: &position, from: start, checkpoint)
            }
            guard goesOn else { break }
            if stream.igzip.isFull { try content(stream.takeOutput()) }
        }
        if stream.igzip.filled > 0 { try content(stream.takeOutput()) }
    }

    /// Ends the stream.
    /// - Throws: `GzipError.truncated` if it ended inside a member.
    package func finish() throws(GzipError) {
        switch place {
        case .gap where isFirstHeader:
            throw GzipError(.truncated, "the blob of \(compressedCount) bytes ends before a whole gzip header")
        case .gap(let gap) where !gap.isInTrailer: return
        case .trailing: return
        case .gap, .deflate:
            throw GzipError(.truncated, "the gzip stream ends inside a member, after \(compressedCount) bytes")
        }
    }

    /// Reads on in a gap; false when it needs more input. `start` is where in the blob the input begins.
    private func read(
        _ gap: MemberGap, _ input: borrowing Span<UInt8>, at position: inout Int, from start: Int64,
        _ checkpoint: (Checkpoint) throws -> Void
    ) throws -> Bool {
        var gap = gap
        while position < input.count, !gap.isAtEnd {
            do throws(GzipError) {
                try take(input[position], &gap)
            } catch {
                // Behind a whole member it is no header.
                if isFirstHeader || gap.isInTrailer { throw error }
                place = .trailing
                return false
            }
            position += 1
        }
        place = .gap(gap)
        guard gap.isAtEnd else { return false }
        isFirstHeader = false
        stream.restart()
        place = .deflate
        try noteBoundary(start + Int64(position), checkpoint)
        return true
    }

    /// Takes a byte of a gap, and compares a member's content with its trailer when that is whole.
    private func take(_ byte: UInt8, _ gap: inout MemberGap) throws(GzipError) {
        var next = gap
        try next.take(byte)
        if gap.isInTrailer, !next.isInTrailer {
            let found = MemberGap.Trailer(checksum: stream.checksum, length: UInt32(truncatingIfNeeded: stream.count))
            guard next.trailer == found else {
                throw GzipError(.malformed, "a gzip member's content has not the checksum and length it should have")
            }
        }
        gap = next
    }

    /// Reads on in a member's body; false when it needs more input.
    private func inflate(
        _ input: borrowing Span<UInt8>, at position: inout Int, from start: Int64,
        _ checkpoint: (Checkpoint) throws -> Void
    ) throws -> Bool {
        let before = stream.count
        let uninteresting = contentCount == 0 ? 0 : spanSize - (contentCount - lastCheckpoint)
        let stop = try stream.inflate(input, at: &position, uninteresting: uninteresting)
        contentCount += stream.count - before
        switch stop {
        case .boundary:
            try noteBoundary(start + Int64(position), checkpoint)
        case .end:
            var gap = MemberGap()
            for byte in stream.takeUnusedInput() { try take(byte, &gap) }
            place = .gap(gap)
        case .within(hasProgress: true): break
        case .within(hasProgress: false):
            guard position == input.count else {
                throw GzipError(.malformed, "the gzip stream makes no progress at byte \(start + Int64(position))")
            }
            return false
        }
        return true
    }

    /// A member's header, or a block that is not its last, ends where the stream is, which has taken `taken` bytes of the blob.
    private func noteBoundary(_ taken: Int64, _ checkpoint: (Checkpoint) throws -> Void) throws {
        guard contentCount == 0 || contentCount - lastCheckpoint > spanSize else { return }
        if contentCount == 0 {
            checkpointsBeforeContent += 1
            guard checkpointsBeforeContent <= Self.mostBeforeContent else {
                throw GzipError(.malformed, "more than \(Self.mostBeforeContent) empty blocks in front of any content")
            }
        }
        lastCheckpoint = contentCount
        let unused = stream.igzip.unusedBits
        try checkpoint(
            Checkpoint(
                compressedOffset: taken - Int64(unused / 8), contentOffset: contentCount, bits: UInt8(unused % 8),
                window: stream.igzip.window()))
    }
}
