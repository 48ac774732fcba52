internal import Synchronization

/// Lets somebody who does not own a task cancel what it does.
final class Breaker: Sendable {
    private struct State {
        var isTripped = false
        var watcher: CheckedContinuation<Void, Never>?
    }

    private let state = Mutex(State())

    /// Cancels the body that runs now, or will run.
    func trip() {
        let watcher = state.withLock { state in
            state.isTripped = true
            return state.watcher.take()
        }
        watcher?.resume()
    }

    var isTripped: Bool { state.withLock(\.isTripped) }

    /// Runs `body`, once; returns when it has ended, in whatever way.
    /// - Throws: what `body` throws; `CancellationError` if it was tripped.
    func run<Result: Sendable>(_ body: @escaping @Sendable () async throws -> Result) async throws -> Result {
        try await withThrowingTaskGroup(of: Result?.self) { group in
            group.addTask { try await body() }
            group.addTask {
                await self.tripped()
                return nil
            }
            defer { group.cancelAll() }
            guard let result = try await group.next(), let result else { throw CancellationError() }
            return result
        }
    }

    private func tripped() async {
        await withTaskCancellationHandler {
            await withCheckedContinuation { continuation in
                let goesOn = state.withLock { state in
                    if state.isTripped || Task.isCancelled { return true }
                    state.watcher = continuation
                    return false
                }
                if goesOn { continuation.resume() }
            }
        } onCancel: {
            let watcher = state.withLock { $0.watcher.take() }
            watcher?.resume()
        }
    }
}
