internal import LayerFormat
internal import OCI
internal import Telemetry

/// Streams a blob from its first byte to its last to a consumer, fetched in several ranges at a time where the source can.
///
/// Pieces are put together in order. A piece keeps its place in the transfer queue until it was consumed, so the bytes that lie in memory
/// are bounded by the pieces that may be under way, over all layers too.
struct WholeBlob: Sendable {
    /// Takes the bytes in order, on a thread that may be kept busy, and makes something of them at the end.
    struct Consumer<Result: Sendable>: Sendable {
        let take: @Sendable ([[UInt8]]) throws -> Void
        let finish: @Sendable () throws -> Result

        init(
            _ take: @escaping @Sendable ([[UInt8]]) throws -> Void, finish: @escaping @Sendable () throws -> Result
        ) {
            self.take = take
            self.finish = finish
        }
    }

    let source: any BlobSource
    let digest: Digest
    let priority: TransferPriority
    let parts: StoreParts
    /// Whether it pauses while readers wait.
    var isPausable = false
    var received: @Sendable (Int) -> Void = { _ in }

    /// - Parameter makeConsumer: called once more if the source turns out to have no ranges: then all comes again in one read.
    func stream<Result: Sendable>(_ makeConsumer: @Sendable () throws -> Consumer<Result>) async throws -> Result {
        let size = max(1, parts.options.prefetchPieceBytes)
        let whole = 0..<source.size
        do {
            let pieces = stride(from: 0, to: source.size, by: Int(size)).map { $0..<min(source.size, $0 + size) }
            return try await stream(pieces.isEmpty ? [whole] : pieces, try makeConsumer())
        } catch let error as BlobError where error.code == .rangesUnsupported && source.size > size {
            return try await stream([whole], try makeConsumer())
        }
    }

    private func stream<Result: Sendable>(_ pieces: [Range<Int64>], _ consumer: Consumer<Result>) async throws -> Result
    {
        try await withThrowingTaskGroup(of: Void.self) { group in
            var started: [Piece] = []
            defer { for piece in started { parts.transfers.leave(piece.ticket) } }
            var waiting = pieces.makeIterator()
            func startNext() {
                guard let range = waiting.next() else { return }
                let capacity = pieces.count == 1 ? 1 << 20 : range.count + 1
                let piece = Piece(
                    range: range, pipe: BytePipe(capacity: capacity), ticket: parts.transfers.submit(digest, priority))
                started.append(piece)
                group.addTask { try await fetch(piece) }
            }
            for _ in 0..<max(1, parts.options.prefetchPieces) { startNext() }
            while !started.isEmpty {
                try await consume(started[0], consumer, &group)
                parts.transfers.leave(started.removeFirst().ticket)
                startNext()
            }
            return try await parts.bench.run { try consumer.finish() }
        }
    }

    private struct Piece {
        var range: Range<Int64>
        var pipe: BytePipe
        var ticket: TransferSchedule.Ticket
    }

    private func fetch(_ piece: Piece) async throws {
        do {
            try await parts.transfers.admission(piece.ticket)
            try await parts.transfers.watching(
                piece.ticket, patience: parts.options.stuckAfter, clock: parts.options.clock
            ) {
                guard !piece.range.isEmpty else { return }
                let cursor = Guarded(piece.range.lowerBound)
                try await source.read(piece.range) { chunk in
                    parts.transfers.noteMove(piece.ticket)
                    if isPausable { try await parts.transfers.passage(piece.ticket) }
                    received(chunk.count)
                    parts.noteFetched(cursor.advanced(by: chunk.count), of: digest, for: priority)
                    try await piece.pipe.send(chunk)
                }
            }
            piece.pipe.close()
        } catch {
            piece.pipe.fail(error)
            throw error
        }
    }

    private func consume<Result: Sendable>(
        _ piece: Piece, _ consumer: Consumer<Result>, _ group: inout ThrowingTaskGroup<Void, any Error>
    ) async throws {
        var count = 0
        while let chunks = try await piece.pipe.next() {
            count += chunks.reduce(0) { $0 + $1.count }
            try await parts.bench.run { try consumer.take(chunks) }
        }
        guard count == piece.range.count else {
            throw BlobError(.corrupt, "the source gave \(count) bytes for a range of \(piece.range.count)")
        }
    }
}
