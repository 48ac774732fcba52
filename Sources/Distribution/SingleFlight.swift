internal import Synchronization

/// Joins callers who want the same thing at the same time: one of them works, all get the result.
///
/// A caller that is cancelled leaves at once; when the last one has left, the work is cancelled. Nothing is remembered once it is done.
final class SingleFlight<Key: Hashable & Sendable, Value: Sendable>: Sendable {
    private struct Flight {
        var id: Int
        var task: Task<Void, Never>?
        var waiters: [Int: CheckedContinuation<Value, any Error>] = [:]
    }
    private struct State {
        var flights: [Key: Flight] = [:]
        var nextID = 0
        /// Waiters cancelled before they had registered.
        var cancelled: Set<Int> = []
    }
    private let state = Mutex(State())

    init() {}

    func value(for key: Key, _ work: @escaping @Sendable () async throws -> Value) async throws -> Value {
        let waiter = state.withLock { state in
            state.nextID += 1
            return state.nextID
        }
        return try await withTaskCancellationHandler {
            try await withCheckedThrowingContinuation { continuation in
                join(key, waiter, continuation, work)
            }
        } onCancel: {
            leave(key, waiter)
        }
    }

    private func join(
        _ key: Key, _ waiter: Int, _ continuation: CheckedContinuation<Value, any Error>,
        _ work: @escaping @Sendable () async throws -> Value
    ) {
        let isCancelled = state.withLock { state in
            if state.cancelled.remove(waiter) != nil { return true }
            if state.flights[key] == nil {
                state.nextID += 1
                let id = state.nextID
                let task = Task {
                    let result: Result<Value, any Error>
                    do { result = .success(try await work()) } catch { result = .failure(error) }
                    self.land(key, id, result)
                }
                state.flights[key] = Flight(id: id, task: task)
            }
            state.flights[key]?.waiters[waiter] = continuation
            return false
        }
        if isCancelled { continuation.resume(throwing: CancellationError()) }
    }

    private func leave(_ key: Key, _ waiter: Int) {
        let (continuation, orphan) = state.withLock { state in
            guard let continuation = state.flights[key]?.waiters.removeValue(forKey: waiter) else {
                state.cancelled.insert(waiter)
                return (nil as CheckedContinuation<Value, any Error>?, nil as Task<Void, Never>?)
            }
            guard state.flights[key]?.waiters.isEmpty == true else { return (continuation, nil) }
            // A later caller starts anew rather than joining work that is being cancelled.
            return (continuation, state.flights.removeValue(forKey: key)?.task)
        }
        orphan?.cancel()
        continuation?.resume(throwing: CancellationError())
    }

    private func land(_ key: Key, _ id: Int, _ result: Result<Value, any Error>) {
        let waiters = state.withLock { state in
            guard state.flights[key]?.id == id else { return [:] as [Int: CheckedContinuation<Value, any Error>] }
            return state.flights.removeValue(forKey: key)?.waiters ?? [:]
        }
        for waiter in waiters.values { waiter.resume(with: result) }
    }
}
