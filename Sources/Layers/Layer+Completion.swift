internal import Linux
internal import Logging
internal import Synchronization

extension Layer {
    /// Brings what is missing, in segment order, `lanes` requests at a time.
    /// - Parameter isGentle: begins no request before the store has been quiet.
    func bringAll(_ priority: TransferPriority, lanes: Int, isGentle: Bool) async throws {
        let cursor = Guarded(0)
        try await withThrowingTaskGroup(of: Void.self) { group in
            for _ in 0..<max(1, lanes) {
                group.addTask {
                    var demand = -1
                    while let segments = self.nextMissing(cursor) {
                        if isGentle { try await self.parts.passFillGates() }
                        if isGentle, demand != self.parts.demand {
                            try await self.parts.quiet()
                            demand = self.parts.demand
                        }
                        try await self.bring(segments, priority)
                    }
                }
            }
            for try await _ in group {}
        }
    }

    private func nextMissing(_ cursor: Guarded<Int>) -> Range<Int>? {
        cursor.withLock { cursor in
            let next = state.withLock { $0.segments.missing(from: cursor, maxBytes: parts.options.fillRequestBytes) }
            cursor = next?.upperBound ?? Int.max
            return next
        }
    }

    /// Brings all of the layer and checks its diffID; whoever comes meanwhile waits for the same.
    /// - Throws: also `LayerError.diskFull` if some of it could only be held in memory.
    func complete(_ priority: TransferPriority, isGentle: Bool) async throws {
        let isAwaited = priority != .background
        if isAwaited { state.withLock { $0.completers += 1 } }
        defer { if isAwaited { state.withLock { $0.completers -= 1 } } }
        while !isWhole.load(ordering: .acquiring) {
            let lanes = priority == .background ? parts.options.maxFillTransfers : parts.options.maxTransfersPerLayer
            try await bringAll(priority, lanes: lanes, isGentle: isGentle)
            let (flight, isNew) = try state.withLock { state -> (Flight<Void>?, Bool) in
                try checkOpen(state)
                if parts.isStopped { throw LayerError(.unavailable, "the layer store has stopped") }
                guard state.segments.isComplete else {
                    guard state.segments.states.contains(.held) else { return (nil, false) }
                    throw LayerError(.diskFull, "layer \(description.blob) cannot be completed: the disk is full")
                }
                if let flight = state.completion { return (flight, false) }
                let flight = Flight<Void>()
                state.completion = flight
                return (flight, true)
            }
            // Some of it was evicted meanwhile.
            guard let flight else { continue }
            if isNew { parts.start { await self.check(for: flight) } }
            do {
                return try await flight.join()
            } catch is Flight<Void>.Abandoned {
                continue
            }
        }
    }

    private func check(for flight: Flight<Void>) async {
        let result: Result<Void, any Error>
        do {
            result = .success(try await flight.breaker.run { try await self.checkDiffID() })
        } catch {
            // Closing the layer cancels this; the reason tells more.
            result = Result { try state.withLock { try checkOpen($0) } }.flatMap { .failure(error) }
        }
        state.withLock { $0.completion = nil }
        flight.settle(result)
    }

    private func checkDiffID() async throws {
        switch try await DiffIDCheck(layer: self).verdict() {
        case .holds:
            becomeWhole(uncheckedReason: nil)
            parts.report(.complete(description.blob))
        case .unknown(let reason):
            becomeWhole(uncheckedReason: reason)
            parts.logger.warning(
                "diffID not checked", metadata: ["layer.digest": "\(description.blob)", "reason": "\(reason)"])
            parts.report(.completeUnchecked(description.blob, reason))
        case .wrong(let reason):
            throw poison("its diffID does not hold: \(reason)")
        }
    }

    /// All is here. The record of it waits for the disk, readers don't.
    func becomeWhole(uncheckedReason: String?) {
        let isOpen = state.withLock { state in
            guard case .open = state.condition else { return false }
            state.isVerified = uncheckedReason == nil
            state.uncheckedReason = uncheckedReason
            state.isRecorded = false
            state.trouble = nil
            isWhole.store(true, ordering: .releasing)
            return true
        }
        guard isOpen else { return }
        parts.start { await self.recordCompletion() }
    }

    private func recordCompletion() async {
        do {
            try await BlockingThread.run("imagelet-sync") { try self.record(isWhole: true) }
        } catch {
            // After a restart the checksums are compared instead.
            parts.logger.warning(
                "completion not recorded", metadata: ["layer.digest": "\(description.blob)", "reason": "\(error)"])
        }
    }

    /// An orderly stop: what is here needs no check after the restart.
    func recordOrderlyStop() {
        let isTrusted = state.withLock { state in
            guard case .open = state.condition else { return false }
            // What was not checked since the last stop must be after this one.
            return state.segments.presentCount > 0 && state.checksums.isEmpty && !state.segments.checksAsWhole
        }
        guard isTrusted else { return }
        // If it fails, checksums are compared after the restart.
        try? record(isWhole: isWhole.load(ordering: .acquiring))
    }

    /// Makes the tar durable, and then notes that it is.
    ///
    /// Not while segments arrive: `synced` would vouch for them, too. Hence nothing is evicted meanwhile, to arrive again.
    func record(isWhole: Bool) throws {
        let isDue = state.withLock { state in
            if isWhole, !self.isWhole.load(ordering: .relaxed) { return false }
            state.recordings += 1
            return true
        }
        guard isDue else { return }
        defer { state.withLock { $0.recordings -= 1 } }
        try files.tar.dataSync()
        try journal.append(.synced)
        if isWhole { try journal.append(.complete(checked: state.withLock(\.isVerified))) }
        try journal.sync()
        if isWhole { state.withLock { $0.isRecorded = true } }
    }
}
