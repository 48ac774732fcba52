import LayerFormat
import Layers
import Synchronization

/// A layer whose bytes arrive when a test says so.
final class GatedLayer: LayerReader {
    struct Refused: Error {}

    private struct State {
        var isOpen = false
        var failure: Refused?
        var waiting: [Int: CheckedContinuation<Void, any Error>] = [:]
        var next = 0
        /// Cancelled before it waited.
        var cancelled: Set<Int> = []
        var requested: [Range<Int64>] = []
    }

    private let layer: CompleteLayer
    private let state = Mutex(State())
    /// One element a request that began to wait, one a request that was cancelled.
    let requests: AsyncStream<Void>
    let cancellations: AsyncStream<Void>
    private let request: AsyncStream<Void>.Continuation
    private let cancellation: AsyncStream<Void>.Continuation

    init(_ layer: CompleteLayer) {
        self.layer = layer
        (requests, request) = AsyncStream.makeStream()
        (cancellations, cancellation) = AsyncStream.makeStream()
    }

    var requested: [Range<Int64>] { state.withLock { $0.requested } }

    func tree() throws -> LayerTree { layer.built }

    func readIfLocal(at tarOffset: Int64, into buffer: inout MutableSpan<UInt8>) throws -> Bool {
        guard state.withLock({ $0.isOpen }) else { return false }
        return try layer.readIfLocal(at: tarOffset, into: &buffer)
    }

    func makeLocal(_ tarRange: Range<Int64>) async throws {
        let number = state.withLock { state in
            state.next += 1
            state.requested.append(tarRange)
            return state.next
        }
        try await withTaskCancellationHandler {
            try await withCheckedThrowingContinuation { continuation in
                let answer = state.withLock { state -> Result<Void, any Error>? in
                    if state.cancelled.contains(number) { return .failure(CancellationError()) }
                    if let failure = state.failure { return .failure(failure) }
                    if state.isOpen { return .success(()) }
                    state.waiting[number] = continuation
                    return nil
                }
                if let answer { continuation.resume(with: answer) }
                request.yield()
            }
        } onCancel: {
            let continuation = state.withLock { state in
                state.cancelled.insert(number)
                return state.waiting.removeValue(forKey: number)
            }
            continuation?.resume(throwing: CancellationError())
            cancellation.yield()
        }
    }

    /// All bytes are here, now and later.
    func open() {
        for continuation in take({ $0.isOpen = true }) { continuation.resume() }
    }

    /// Every request fails, until `open`.
    func refuse() {
        for continuation in take({ $0.failure = Refused() }) { continuation.resume(throwing: Refused()) }
    }

    func forgive() { state.withLock { $0.failure = nil } }

    private func take(_ change: (inout State) -> Void) -> [CheckedContinuation<Void, any Error>] {
        state.withLock { state in
            change(&state)
            defer { state.waiting = [:] }
            return Array(state.waiting.values)
        }
    }
}
