internal import OCI
internal import Synchronization

/// Lets transfers in as `TransferSchedule` decides, and holds background ones between chunks while a reader waits.
final class TransferQueue: Sendable {
    typealias Ticket = TransferSchedule.Ticket

    private struct State {
        var schedule: TransferSchedule
        var waiting: [Ticket: CheckedContinuation<Void, any Error>] = [:]
        var paused: [Ticket: CheckedContinuation<Void, any Error>] = [:]

        /// Those that go on now.
        mutating func released() -> [CheckedContinuation<Void, any Error>] {
            var released = schedule.start().compactMap { waiting.removeValue(forKey: $0) }
            let hasDemand = schedule.hasDemand
            for ticket in paused.keys where !hasDemand || schedule.priority(of: ticket) != .background {
                if let continuation = paused.removeValue(forKey: ticket) { released.append(continuation) }
            }
            return released
        }
    }

    private let state: Mutex<State>

    init(limits: TransferSchedule.Limits) { state = Mutex(State(schedule: TransferSchedule(limits: limits))) }

    /// Joins the queue. Every ticket must be given back with `leave`.
    func submit(_ layer: Digest, _ priority: TransferPriority) -> Ticket {
        change { $0.schedule.submit(layer, priority) }
    }

    func priority(of ticket: Ticket) -> TransferPriority? { state.withLock { $0.schedule.priority(of: ticket) } }

    func setPriority(_ ticket: Ticket, _ priority: TransferPriority) {
        change { $0.schedule.setPriority(ticket, priority) }
    }

    /// Other limits from now on; transfers that run, run on.
    func setLimits(_ limits: TransferSchedule.Limits) { change { $0.schedule.limits = limits } }

    func leave(_ ticket: Ticket) {
        change { $0.schedule.leave(ticket) }
    }

    /// Transfers by priority and state, every pair of them.
    var counts: [StoreFigures.Transfers: Int] { state.withLock { $0.schedule.counts } }

    /// Returns when the transfer may run.
    func admission(_ ticket: Ticket) async throws {
        try await suspend(ticket) { state, continuation in
            guard !state.schedule.isRunning(ticket) else { return continuation }
            state.waiting[ticket] = continuation
            return nil
        } onCancel: {
            $0.waiting.removeValue(forKey: ticket)
        }
    }

    /// Something moved in the transfer.
    func noteMove(_ ticket: Ticket) { state.withLock { $0.schedule.noteMove(ticket) } }

    /// Runs the body of a transfer that was admitted. While it notes no move for `patience`, its place is others' to use.
    func watching(
        _ ticket: Ticket, patience: Duration, clock: any Clock<Duration>,
        _ body: @escaping @Sendable () async throws -> Void
    ) async throws {
        try await withThrowingTaskGroup(of: Bool.self) { group in
            group.addTask {
                try await body()
                return true
            }
            group.addTask {
                await self.watch(ticket, patience, clock)
                return false
            }
            defer { group.cancelAll() }
            while let isOver = try await group.next(), !isOver {}
        }
    }

    private func watch(_ ticket: Ticket, _ patience: Duration, _ clock: any Clock<Duration>) async {
        var last = state.withLock { $0.schedule.moves(of: ticket) }
        while (try? await clock.sleep(for: patience)) != nil {
            let now = state.withLock { $0.schedule.moves(of: ticket) }
            if now == last { change { $0.schedule.noteStuck(ticket) } }
            last = now
        }
    }

    /// Returns at once, but for a background transfer only when no reader waits for anything.
    func passage(_ ticket: Ticket) async throws {
        let mustPause = state.withLock { $0.schedule.hasDemand && $0.schedule.priority(of: ticket) == .background }
        guard mustPause else { return }
        try await suspend(ticket) { state, continuation in
            guard state.schedule.hasDemand, state.schedule.priority(of: ticket) == .background else {
                return continuation
            }
            state.paused[ticket] = continuation
            return nil
        } onCancel: {
            $0.paused.removeValue(forKey: ticket)
        }
    }

    private func suspend(
        _ ticket: Ticket,
        _ park: @Sendable (inout State, CheckedContinuation<Void, any Error>) -> CheckedContinuation<Void, any Error>?,
        onCancel withdraw: @escaping @Sendable (inout State) -> CheckedContinuation<Void, any Error>?
    ) async throws {
        try await withTaskCancellationHandler {
            try await withCheckedThrowingContinuation { continuation in
                let ready = state.withLock { park(&$0, continuation) }
                ready?.resume()
                // A cancellation before the parking found nothing to withdraw.
                if ready == nil, Task.isCancelled {
                    state.withLock { withdraw(&$0) }?.resume(throwing: CancellationError())
                }
            }
        } onCancel: {
            state.withLock { withdraw(&$0) }?.resume(throwing: CancellationError())
        }
    }

    private func change<Result: Sendable>(_ body: @Sendable (inout State) -> Result) -> Result {
        let (result, released) = state.withLock { state in
            let result = body(&state)
            return (result, state.released())
        }
        for continuation in released { continuation.resume() }
        return result
    }
}
