internal import Synchronization

/// Carries chunks from one task to one other; the sender waits while `capacity` bytes or more lie unread.
final class BytePipe: Sendable {
    private struct State {
        var chunks: [[UInt8]] = []
        var bytes = 0
        var isClosed = false
        var failure: (any Error)?
        var sender: CheckedContinuation<Void, Never>?
        var receiver: CheckedContinuation<Void, Never>?
    }

    private let state = Mutex(State())
    private let capacity: Int

    init(capacity: Int) { self.capacity = capacity }

    /// Puts `chunk` in and returns when there is room for more.
    func send(_ chunk: [UInt8]) async throws {
        let receiver = state.withLock { state in
            state.chunks.append(chunk)
            state.bytes += chunk.count
            return state.receiver.take()
        }
        receiver?.resume()
        try await suspend(isSender: true) { [capacity] in $0.bytes < capacity }
    }

    /// No more will come.
    func close() { end(nil) }

    /// No more will come, for this reason: the receiver gets it at once, whatever lies unread.
    func fail(_ error: any Error) { end(error) }

    private func end(_ failure: (any Error)?) {
        let receiver = state.withLock { state in
            state.isClosed = true
            state.failure = failure
            return state.receiver.take()
        }
        receiver?.resume()
    }

    /// All that came since the last call, at least one chunk; nil at the end.
    /// - Throws: `CancellationError`, or what the sender failed with.
    func next() async throws -> [[UInt8]]? {
        try await suspend(isSender: false) { !$0.chunks.isEmpty || $0.isClosed }
        let (chunks, sender) = try state.withLock { state in
            if let failure = state.failure { throw failure }
            defer { (state.chunks, state.bytes) = ([], 0) }
            return (state.chunks, state.sender.take())
        }
        sender?.resume()
        return chunks.isEmpty ? nil : chunks
    }

    private func suspend(isSender: Bool, until isReady: @Sendable (borrowing State) -> Bool) async throws {
        await withTaskCancellationHandler {
            await withCheckedContinuation { continuation in
                let goesOn = state.withLock { state in
                    if isReady(state) || Task.isCancelled { return true }
                    if isSender { state.sender = continuation } else { state.receiver = continuation }
                    return false
                }
                if goesOn { continuation.resume() }
            }
        } onCancel: {
            let parked = state.withLock { isSender ? $0.sender.take() : $0.receiver.take() }
            parked?.resume()
        }
        try Task.checkCancellation()
    }
}
