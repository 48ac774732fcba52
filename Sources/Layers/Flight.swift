internal import Synchronization

/// One piece of work that several tasks may wait for. When the last of them leaves, the work is cancelled through `breaker`.
final class Flight<Value: Sendable>: Sendable {
    /// The flight had been left by all when this task joined; it is over now, and a new one may start.
    struct Abandoned: Error {}

    private struct State {
        var result: Result<Value, any Error>?
        var isAbandoned = false
        var lastID = 0
        var waiters: [Int: CheckedContinuation<Value, any Error>] = [:]
        /// Those who left before they were parked.
        var left: Set<Int> = []
    }

    let breaker = Breaker()
    private let state = Mutex(State())

    /// Waits for the end; a cancelled task stops waiting at once.
    func join() async throws -> Value {
        let id = state.withLock { state in
            state.lastID += 1
            return state.lastID
        }
        return try await withTaskCancellationHandler {
            try await withCheckedThrowingContinuation { continuation in
                let result = state.withLock { state -> Result<Value, any Error>? in
                    if let result = state.result { return result }
                    if state.left.remove(id) != nil { return .failure(CancellationError()) }
                    state.waiters[id] = continuation
                    return nil
                }
                if let result { continuation.resume(with: result) }
            }
        } onCancel: {
            leave(id)
        }
    }

    /// Tasks that wait.
    var waiting: Int { state.withLock(\.waiters.count) }

    private func leave(_ id: Int) {
        let (waiter, isLast) = state.withLock { state in
            guard state.result == nil else { return (CheckedContinuation<Value, any Error>?.none, false) }
            let waiter = state.waiters.removeValue(forKey: id)
            if waiter == nil { state.left.insert(id) }
            if state.waiters.isEmpty { state.isAbandoned = true }
            return (waiter, state.isAbandoned)
        }
        if isLast { breaker.trip() }
        waiter?.resume(throwing: CancellationError())
    }

    /// The work is over.
    func settle(_ result: Result<Value, any Error>) {
        let (waiters, result) = state.withLock { state in
            var end = result
            if case .failure = result, state.isAbandoned { end = .failure(Abandoned()) }
            state.result = end
            defer { state.waiters = [:] }
            return (state.waiters.values, end)
        }
        for waiter in waiters { waiter.resume(with: result) }
    }
}
