internal import Hashing

/// The digest of each span's compressed bytes while the blob streams by (soci.md 3).
struct SpanDigests: ~Copyable {
    /// Finished ones, 32 bytes each.
    private(set) var finished: [UInt8] = []
    private var current: ContentHasher?
    private var last: UInt8 = 0
    /// Bytes of the current piece that were dealt with.
    private var done = 0

    /// A span starts before byte `position` of `piece`; `sharesByte` if it begins with the byte in front of that.
    mutating func startSpan(at position: Int, of piece: [UInt8], sharesByte: Bool) {
        advance(to: position, of: piece)
        close()
        var hasher = ContentHasher()
        if sharesByte { hasher.update([last]) }
        current = consume hasher
    }

    /// All of `piece` was looked at; the next call is about the next piece.
    mutating func endPiece(_ piece: [UInt8]) {
        advance(to: piece.count, of: piece)
        done = 0
    }

    /// The last span ends here. Gives all digests.
    consuming func finish() -> [UInt8] {
        close()
        return finished
    }

    private mutating func advance(to position: Int, of piece: [UInt8]) {
        guard position > done else { return }
        current?.update(piece.span.extracting(done..<position))
        last = piece[position - 1]
        done = position
    }

    private mutating func close() {
        guard let hasher = current.take() else { return }
        finished += hasher.finish()
    }
}
