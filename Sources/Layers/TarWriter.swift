internal import Hashing
internal import Linux
internal import Synchronization

/// Hashes and writes a tar's content in order while more of it is being decoded.
///
/// A thread of the workbench does so if one is free. Where none is, whoever brings content does it himself once much waits, so it never
/// waits for a thread, and what lies in memory is bounded.
final class TarWriter: Sendable {
    private struct Queue {
        var pieces: [[UInt8]] = []
        var bytes = 0
        var isHelped = false
        var failure: (any Error)?
    }

    private struct Target: ~Copyable {
        let tar: File
        var hash: RunningHash
        var written: Int64 = 0

        mutating func write(_ piece: [UInt8]) throws {
            hash.update(piece)
            try tar.write(piece, at: written)
            written += Int64(piece.count)
        }
    }

    private let bench: Workbench
    private let queue = Mutex(Queue())
    /// Locked before the queue by who takes from it: so pieces are written in order.
    private let target: Mutex<Target>

    /// From so many waiting bytes on the hop to another thread does not count.
    private static let worthHelp = 256 << 10
    private static let mostWaiting = 1 << 20

    /// - Parameter algorithm: what the content is hashed with.
    init(_ tar: File, algorithm: ContentHasher.Algorithm, bench: Workbench) {
        self.bench = bench
        target = Mutex(Target(tar: tar, hash: RunningHash(algorithm)))
    }

    /// Takes the next piece of content.
    /// - Throws: why an earlier one could not be written, or this one.
    func put(_ piece: [UInt8]) throws {
        enum Next { case goOn, askForHelp, write }
        let next = try queue.withLock { queue -> Next in
            if let failure = queue.failure { throw failure }
            queue.pieces.append(piece)
            queue.bytes += piece.count
            if queue.bytes >= Self.mostWaiting { return .write }
            guard queue.bytes >= Self.worthHelp, !queue.isHelped else { return .goOn }
            queue.isHelped = true
            return .askForHelp
        }
        switch next {
        case .goOn: break
        case .askForHelp: bench.start { self.help() }
        case .write: try writeWaiting()
        }
    }

    /// Writes what still waits.
    /// - Returns: the hash of all content.
    func finish() throws -> [UInt8] {
        try writeWaiting()
        return target.withLock { $0.hash.finish() }
    }

    /// A short job, so that what readers wait for comes between two of them.
    private func help() {
        // Who brings the next piece, or finishes, is told.
        try? writeWaiting()
        let goesOn = queue.withLock { queue in
            queue.isHelped = queue.failure == nil && queue.bytes >= Self.worthHelp
            return queue.isHelped
        }
        if goesOn { bench.start { self.help() } }
    }

    private func writeWaiting() throws {
        try target.withLock { target in
            let pieces = try queue.withLock { queue in
                if let failure = queue.failure { throw failure }
                defer { (queue.pieces, queue.bytes) = ([], 0) }
                return queue.pieces
            }
            do {
                for piece in pieces { try target.write(piece) }
            } catch {
                queue.withLock { $0.failure = error }
                throw error
            }
        }
    }
}
