internal import LayerFormat
internal import Linux
internal import Logging
internal import OCI
internal import Synchronization
internal import Telemetry

extension Layer {
    /// Does what `SegmentStates` decided; called with the layer's lock held.
    func perform(_ actions: [SegmentStates.Action], _ state: inout LayerState) {
        for action in actions {
            switch action {
            case .start(let id, let kind, let priority):
                let running = LayerState.Running(
                    ticket: kind == .fetch ? parts.transfers.submit(description.blob, priority) : nil,
                    breaker: Breaker())
                state.running[id] = running
                parts.start { await self.carryOut(id, running) }
            case .prioritize(let id, let priority):
                if let ticket = state.running[id]?.ticket { parts.transfers.setPriority(ticket, priority) }
            case .cancel(let id):
                state.running[id]?.breaker.trip()
            }
        }
    }

    private func carryOut(_ id: SegmentStates.RequestID, _ running: LayerState.Running) async {
        var failure: (any Error)?
        do {
            try await running.breaker.run {
                if let ticket = running.ticket {
                    let (transfers, options) = (self.parts.transfers, self.parts.options)
                    try await transfers.admission(ticket)
                    try await transfers.watching(ticket, patience: options.stuckAfter, clock: options.clock) {
                        try await self.fetch(id, ticket)
                    }
                } else {
                    try await self.check(id)
                }
            }
        } catch {
            failure = error
        }
        if let ticket = running.ticket { parts.transfers.leave(ticket) }
        end(id, failure)
    }

    private func end(_ id: SegmentStates.RequestID, _ failure: (any Error)?) {
        let isRemoved = state.withLock { state in
            state.running[id] = nil
            let wants = state.segments.ended(id)
            if let failure, !(failure is CancellationError) {
                let error = LayerError(describing: failure, description.blob)
                if error.code == .diskFull { parts.noteFullDisk(error.message) }
                state.trouble = error.message
                state.end(wants, .failed(error))
            } else {
                state.end(wants, .again)
            }
            return if case .removed = state.condition { true } else { false }
        }
        // What was being written while the layer was removed: readers may keep the file open for long.
        if isRemoved { freeBytes() }
    }

    /// Brings what the request owes. A source that fails, or whose bytes are wrong, is asked again for as long as somebody waits, at once and
    /// then with growing pauses, and the waits have their own limits. Wrong bytes are fetched once more whoever wants them: another host
    /// may have the right ones.
    private func fetch(_ id: SegmentStates.RequestID, _ ticket: TransferSchedule.Ticket) async throws {
        let segments = try begin(id)
        var delay = Duration.zero
        while let error = try await failure(of: segments, id, ticket) {
            let isWaitedFor = state.withLock { state in
                state.trouble = error.description
                return state.segments.isWaitedFor(id)
            }
            let isWorthAnother = error is SegmentMismatch && delay == .zero
            guard isWorthAnother || isWaitedFor && parts.transfers.priority(of: ticket) == .demand else { throw error }
            try await parts.options.clock.sleep(for: delay)
            delay = min(max(delay * 2, .milliseconds(250)), .seconds(8))
        }
    }

    /// One attempt at all that the request owes of `segments`. Behind a segment that is wrong it goes on: the others may be right.
    /// - Returns: what failed and may pass; nil if nothing is owed any more.
    private func failure(
        of segments: Range<Int>, _ id: SegmentStates.RequestID, _ ticket: TransferSchedule.Ticket
    ) async throws -> (any Error & CustomStringConvertible)? {
        var next = segments.lowerBound
        var failure: SegmentMismatch?
        while let run = state.withLock({ $0.segments.owed(by: id, from: next) }) {
            let received = state.withLock { $0.segments.requests[id]?.received }
            do {
                try await transfer(run, id, ticket)
                next = run.upperBound
            } catch let mismatch as SegmentMismatch {
                failure = mismatch
                next = mismatch.number + 1
                // They are no progress for those who wait.
                if let received { state.withLock { $0.segments.requests[id]?.received = received } }
                note(mismatch)
            } catch let error as BlobError where error.code.mayPass {
                return error
            }
        }
        return failure
    }

    private func note(_ mismatch: SegmentMismatch) {
        parts.metrics.verificationFailures[.segment].add()
        parts.logger.debug(
            "segment refused", metadata: ["layer.digest": "\(description.blob)", "segment.id": "\(mismatch.number)"])
        source.foundWrong(table.segment(mismatch.number).compressed)
    }

    private func begin(_ id: SegmentStates.RequestID) throws -> Range<Int> {
        try state.withLock { state in
            try checkOpen(state)
            guard let (segments, absorbed) = state.segments.begin(id, maxBytes: parts.options.maxRequestBytes) else {
                throw CancellationError()
            }
            for other in absorbed { state.running[other]?.breaker.trip() }
            return segments
        }
    }

    /// One ranged read, decoded while it arrives.
    private func transfer(
        _ segments: Range<Int>, _ id: SegmentStates.RequestID, _ ticket: TransferSchedule.Ticket
    ) async throws {
        let first = table.segment(segments.lowerBound).compressed
        let range =
            first.lowerBound..<max(first.upperBound, table.segment(segments.upperBound - 1).compressed.upperBound)
        let source = source
        let pipe = BytePipe(capacity: 1 << 20)
        let intake = Guarded(SegmentIntake(segments, of: self))
        let transfers = parts.transfers
        let bench = parts.bench
        let cursor = Guarded(range.lowerBound)
        try await withThrowingTaskGroup(of: Void.self) { group in
            group.addTask {
                try await source.read(range) { chunk in
                    transfers.noteMove(ticket)
                    try await transfers.passage(ticket)
                    self.received(chunk.count, by: id)
                    let priority = transfers.priority(of: ticket) ?? .background
                    self.parts.noteFetched(cursor.advanced(by: chunk.count), of: self.description.blob, for: priority)
                    try await pipe.send(chunk)
                }
                pipe.close()
            }
            group.addTask {
                while let chunks = try await pipe.next() {
                    let isUrgent = transfers.priority(of: ticket) == .demand
                    try await bench.run(urgent: isUrgent) {
                        try intake.withLock { intake in for chunk in chunks { try intake.take(chunk) } }
                    }
                }
                try await bench.run { try intake.withLock { try $0.finish() } }
            }
            // The first error ends the other, which waitForAll() would not do.
            for try await _ in group {}
        }
        state.withLock { state in
            state.trouble = nil
            // A whole blob in one piece is no proof.
            if Int64(range.count) < description.blobSize { state.refetch = (true, parts.tick) }
        }
    }

    private func received(_ bytes: Int, by id: SegmentStates.RequestID) {
        state.withLock { state in
            state.blobBytesFetched += Int64(bytes)
            state.segments.received(bytes, by: id)
        }
    }
}

extension BlobError.Code {
    /// Whether the same question may get an answer in a moment. A host that ignores ranges may only be filling its cache.
    fileprivate var mayPass: Bool {
        switch self {
        case .unavailable, .corrupt, .rangesUnsupported: true
        case .notFound, .refused: false
        }
    }
}
