internal import LayerFormat
internal import OCI
internal import Synchronization

extension Layer {
    /// Returns when all of `segments` can be read.
    /// - Throws: `LayerError`, `CancellationError`.
    func bring(_ segments: Range<Int>, _ priority: TransferPriority) async throws {
        var isFirst = true
        while true {
            try Task.checkCancellation()
            let want = try state.withLock { try startWant(segments, priority, &$0) }
            guard let want else { return }
            if isFirst, priority == .demand { parts.noteDemand() }
            isFirst = false
            switch await (priority == .demand ? waitLimited(want) : wait(want)) {
            case .ready: return
            case .again: continue
            case .failed(let error): throw error
            }
        }
    }

    /// - Returns: nil if all is readable.
    private func startWant(
        _ segments: Range<Int>, _ priority: TransferPriority, _ state: inout LayerState
    ) throws -> SegmentStates.WantID? {
        try checkOpen(state)
        if parts.isStopped { throw LayerError(.unavailable, "the layer store has stopped") }
        dropLostHeld(in: segments, &state)
        if state.segments.areReadable(segments) { return nil }
        let limit = priority == .demand ? parts.options.maxRequestBytes : parts.options.fillRequestBytes
        let (want, actions) = state.segments.want(segments, priority, maxBytes: limit)
        if priority == .demand { state.demand.insert(want) }
        perform(actions, &state)
        return want
    }

    /// Waits, but not longer than the options allow without progress, nor beyond the deadline.
    private func waitLimited(_ want: SegmentStates.WantID) async -> LayerState.End {
        await withTaskGroup(of: Void.self) { group in
            group.addTask { await self.expire(want) }
            let end = await wait(want)
            group.cancelAll()
            return end
        }
    }

    private func wait(_ want: SegmentStates.WantID) async -> LayerState.End {
        await withTaskCancellationHandler {
            await withCheckedContinuation { continuation in
                state.withLock { state in
                    if let end = state.ends.removeValue(forKey: want) {
                        continuation.resume(returning: end)
                    } else {
                        state.waiters[want] = continuation
                    }
                }
            }
        } onCancel: {
            drop(want, CancellationError())
        }
    }

    /// Ends a wait early, and what only it was for.
    private func drop(_ want: SegmentStates.WantID, _ error: any Error) {
        state.withLock { state in
            guard state.segments.wants[want] != nil else { return }
            perform(state.segments.drop(want), &state)
            state.end([want], .failed(error))
        }
    }

    /// Fails the want when nothing came for it in four steps of the timeout's quarter, or when the deadline is over.
    private func expire(_ want: SegmentStates.WantID) async {
        let timeout = parts.adjusted.readTimeout
        let step = timeout / 4
        var elapsed = Duration.zero
        var idle = 0
        var last = state.withLock { $0.segments.stamp(of: want) }
        while last != nil {
            guard (try? await parts.options.clock.sleep(for: step)) != nil else { return }
            elapsed += step
            let now = state.withLock { $0.segments.stamp(of: want) }
            idle = now == last ? idle + 1 : 0
            last = now
            guard idle >= 4 || elapsed >= parts.options.readDeadline else { continue }
            let trouble = state.withLock(\.trouble).map { ": \($0)" } ?? ""
            let why =
                idle >= 4
                ? "nothing came for \(timeout)" : "too little came in \(parts.options.readDeadline)"
            return drop(want, LayerError(.timedOut, "layer \(description.blob): \(why)\(trouble)"))
        }
    }
}
