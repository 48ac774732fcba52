internal import Synchronization

/// Joins identical work: the first caller starts it, later ones wait for the same outcome, and when the last of them has gone
/// away it is cancelled. Work for a key never overlaps with cancelled work for the same key that is still winding down.
package final class Flights<Key: Hashable & Sendable, Value: Sendable>: Sendable {
    private struct Flight {
        let id: UInt64
        let task: Task<Value, any Error>
        var waiters: [UInt64: CheckedContinuation<Value, any Error>] = [:]
        /// Callers that joined but do not wait yet.
        var arriving: Set<UInt64> = []
        var outcome: Result<Value, any Error>?
    }

    private struct State {
        var lastID: UInt64 = 0
        var flights: [Key: Flight] = [:]
        /// Cancelled work that has not ended yet.
        var ending: [Key: (id: UInt64, task: Task<Value, any Error>)] = [:]

        mutating func nextID() -> UInt64 {
            lastID += 1
            return lastID
        }
    }

    private let state = Mutex(State())

    package init() {}

    /// The outcome of `work` for `key`, begun now or joined. Cancelling the caller gives `CancellationError` at once.
    package func join(_ key: Key, _ work: @escaping @Sendable () async throws -> Value) async throws -> Value {
        let (flight, waiter) = enter(key, work)
        return try await withTaskCancellationHandler {
            try await withCheckedThrowingContinuation { continuation in
                wait(key, flight, waiter, continuation)
            }
        } onCancel: {
            leave(key, flight, waiter)
        }
    }

    /// Puts the task into the table before anything is awaited, so that no second one can start.
    private func enter(_ key: Key, _ work: @escaping @Sendable () async throws -> Value) -> (UInt64, UInt64) {
        state.withLock { state in
            let waiter = state.nextID()
            if var flight = state.flights[key] {
                flight.arriving.insert(waiter)
                state.flights[key] = flight
                return (flight.id, waiter)
            }
            let id = state.nextID()
            let previous = state.ending[key]?.task
            let task = Task {
                _ = await previous?.result
                let result: Result<Value, any Error>
                do { result = .success(try await work()) } catch { result = .failure(error) }
                self.land(key, id, result)
                return try result.get()
            }
            state.flights[key] = Flight(id: id, task: task, arriving: [waiter])
            return (id, waiter)
        }
    }

    private func wait(
        _ key: Key, _ id: UInt64, _ waiter: UInt64, _ continuation: CheckedContinuation<Value, any Error>
    ) {
        let answer: Result<Value, any Error>? = state.withLock { state in
            guard var flight = state.flights[key], flight.id == id, flight.arriving.remove(waiter) != nil else {
                return .failure(CancellationError())
            }
            if let outcome = flight.outcome {
                state.flights[key] = flight.arriving.isEmpty ? nil : flight
                return outcome
            }
            flight.waiters[waiter] = continuation
            state.flights[key] = flight
            return nil
        }
        if let answer { continuation.resume(with: answer) }
    }

    private func land(_ key: Key, _ id: UInt64, _ result: Result<Value, any Error>) {
        let waiters = state.withLock { state -> [CheckedContinuation<Value, any Error>] in
            if state.ending[key]?.id == id { state.ending[key] = nil }
            guard var flight = state.flights[key], flight.id == id else { return [] }
            let waiters = Array(flight.waiters.values)
            flight.waiters = [:]
            flight.outcome = result
            state.flights[key] = flight.arriving.isEmpty ? nil : flight
            return waiters
        }
        for waiter in waiters { waiter.resume(with: result) }
    }

    private func leave(_ key: Key, _ id: UInt64, _ waiter: UInt64) {
        let continuation = state.withLock { state -> CheckedContinuation<Value, any Error>? in
            guard var flight = state.flights[key], flight.id == id else { return nil }
            flight.arriving.remove(waiter)
            let continuation = flight.waiters.removeValue(forKey: waiter)
            state.flights[key] = flight
            if flight.waiters.isEmpty, flight.arriving.isEmpty {
                state.flights[key] = nil
                if flight.outcome == nil {
                    state.ending[key] = (id, flight.task)
                    flight.task.cancel()
                }
            }
            return continuation
        }
        continuation?.resume(throwing: CancellationError())
    }
}
