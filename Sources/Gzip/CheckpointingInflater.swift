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
    private var stream = ZlibStream()
    private var place = Place.firstHeader
    private var lastCheckpoint: Int64 = 0
    /// The end of the content of earlier members: history that zlib forgets at a member's end.
    private var tail: [UInt8] = []

    private enum Place {
        case firstHeader, laterHeader, body, memberEnd, trailing
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
        while position < input.count || stream.isFull {
            if stream.isFull { try content(stream.takeOutput()) }
            if place == .trailing { break }
            if place == .memberEnd {
                if position == input.count { break }
                stream.startMember()
                place = .laterHeader
            }
            let stop: ZlibStream.Stop
            let before = stream.filled
            do throws(GzipError) {
                stop = try stream.inflate(input, at: &position)
            } catch {
                guard place == .laterHeader else { throw error }
                place = .trailing
                break
            }
            contentCount += Int64(stream.filled - before)
            try note(stop, at: start + Int64(position), checkpoint)
            if !stop.hasProgress, !stop.isMemberEnd {
                // zlib asks for more input, or there was only its full buffer to flush.
                if position == input.count { break }
                throw GzipError(.malformed, "the gzip stream makes no progress at byte \(start + Int64(position))")
            }
        }
        if stream.filled > 0 { try content(stream.takeOutput()) }
    }

    /// Ends the stream.
    /// - Throws: `GzipError.truncated` if it ended inside a member.
    package func finish() throws(GzipError) {
        switch place {
        case .memberEnd, .trailing, .laterHeader: return
        case .firstHeader:
            throw GzipError(.truncated, "the blob of \(compressedCount) bytes ends before a whole gzip header")
        case .body:
            throw GzipError(.truncated, "the gzip stream ends inside a member, after \(compressedCount) bytes")
        }
    }

    private func note(
        _ stop: ZlibStream.Stop, at offset: Int64, _ checkpoint: (Checkpoint) throws -> Void
    ) throws {
        if stop.isMemberEnd {
            tail = window()
            place = .memberEnd
            return
        }
        guard stop.isBoundary else { return }
        place = .body
        guard !stop.isLastBlock, contentCount == 0 || contentCount - lastCheckpoint > spanSize else { return }
        lastCheckpoint = contentCount
        try checkpoint(
            Checkpoint(
                compressedOffset: offset, contentOffset: contentCount, bits: stop.unusedBits, window: window()))
    }

    /// The last 32 KiB of content, over member borders.
    private func window() -> [UInt8] {
        let history = stream.history()
        let missing = Checkpoint.windowSize - history.count
        if missing == 0 || tail.isEmpty { return history }
        return tail.suffix(missing) + history
    }
}
