/// Decodes a stretch of a gzip stream from a checkpoint on, while its bytes arrive (soci.md 2.4).
///
/// Total on any input: it gives at most `need` bytes, stops there whatever follows, and every call ends.
package final class CheckpointDecoder {
    /// Bytes of content still to come.
    package private(set) var missing: Int64

    private var stream: IgzipStream
    private var place: Place
    private let bits: UInt8

    private enum Place {
        /// The byte shared with the stretch before comes first.
        case sharedByte
        case deflate
        case gap(MemberGap)
    }

    /// - Parameters:
    ///   - bits: 0...7; if not 0, the first byte fed is the one before the checkpoint's offset.
    ///   - window: content before the checkpoint, oldest first, at most 32 KiB.
    ///   - need: bytes of content wanted.
    package init(bits: UInt8, window: [UInt8], need: Int64) {
        precondition(bits < 8 && window.count <= Checkpoint.windowSize && need >= 0, "not a checkpoint")
        self.bits = bits
        missing = need
        stream = IgzipStream(window: window)
        place = bits == 0 ? .deflate : .sharedByte
    }

    /// Takes the next compressed bytes and calls `produce` with content, in order. Bytes behind the wanted content are ignored.
    /// - Throws: `GzipError`, or what `produce` throws. After an error the decoder can't be used further.
    package func feed(_ bytes: [UInt8], _ produce: ([UInt8]) throws -> Void) throws {
        var position = 0
        while missing > 0, try step(bytes.span, at: &position, produce) {}
        try flush(produce)
    }

    /// Ends the stretch.
    /// - Throws: `GzipError.truncated` if content is missing.
    package func finish() throws(GzipError) {
        guard missing == 0 else {
            throw GzipError(.truncated, "the compressed bytes end with \(missing) bytes of content missing")
        }
    }

    /// Does what comes next; false when it needs more input.
    private func step(
        _ input: borrowing Span<UInt8>, at position: inout Int, _ produce: ([UInt8]) throws -> Void
    ) throws -> Bool {
        switch place {
        case .sharedByte:
            guard position < input.count else { return false }
            stream.prime(bits, of: input[position])
            position += 1
            place = .deflate
            return true
        case .gap(var gap):
            while position < input.count, !gap.isAtEnd {
                try gap.take(input[position])
                position += 1
            }
            guard gap.isAtEnd else {
                place = .gap(gap)
                return false
            }
            stream.restart()
            place = .deflate
            return true
        case .deflate:
            return try inflate(input, at: &position, produce)
        }
    }

    private func inflate(
        _ input: borrowing Span<UInt8>, at position: inout Int, _ produce: ([UInt8]) throws -> Void
    ) throws -> Bool {
        if stream.isFull { try flush(produce) }
        let before = stream.filled
        let limit = before + Int(min(missing, Int64(IgzipStream.outputCapacity)))
        let hasProgress = try stream.inflate(input, at: &position, limit: limit)
        missing -= Int64(stream.filled - before)
        if missing == 0 { return false }
        if stream.isFinished {
            var gap = MemberGap()
            // Never more than the trailer's 8 bytes are read ahead.
            for byte in stream.takeUnusedInput() where !gap.isAtEnd { try gap.take(byte) }
            place = .gap(gap)
            return true
        }
        if hasProgress { return true }
        guard position == input.count else {
            throw GzipError(.malformed, "the deflate stream makes no progress, \(missing) bytes of content missing")
        }
        return false
    }

    private func flush(_ produce: ([UInt8]) throws -> Void) throws {
        if stream.filled > 0 { try produce(stream.takeOutput()) }
    }
}
