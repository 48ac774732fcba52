internal import OCI
internal import Synchronization

/// Keeps changes of what is listed apart from pulls that the runtime makes by itself: a layer that appears, or goes, under the hands of a client that is
/// unpacking it is destroyed by it (specs/additional-layer-store.md 13). Layer by layer; pulls of other layers do not wait.
final class PullGate: Sendable {
    private enum Side: Sendable {
        case pull, change
    }

    private struct Passage: Sendable {
        var side: Side
        /// Nil: any.
        var layers: Set<Digest>?

        /// Pulls may pass beside each other.
        func excludes(_ other: Passage) -> Bool {
            if side == .pull, other.side == .pull { return false }
            guard let layers, let others = other.layers else { return true }
            return !layers.isDisjoint(with: others)
        }
    }

    private struct State {
        var last: UInt64 = 0
        var passing: [UInt64: Passage] = [:]
        /// Woken whenever somebody leaves.
        var waiting: [UInt64: CheckedContinuation<Void, Never>] = [:]
    }

    private let state = Mutex(State())

    /// Runs a pull of the runtime's own, once no change of its layers is under way. Nil: nobody knows which layers it has.
    func pulling<Answer>(_ layers: Set<Digest>?, _ body: () async throws -> Answer) async throws -> Answer {
        try await passing(Passage(side: .pull, layers: layers), body)
    }

    /// Runs a change of how `layers` are listed, once no pull of any of them is under way.
    func changing<Answer>(_ layers: Set<Digest>, _ body: () async throws -> Answer) async throws -> Answer {
        try await passing(Passage(side: .change, layers: layers), body)
    }

    /// The same if that can be at once, else nothing.
    func changingIfFree(_ layers: Set<Digest>, _ body: () async throws -> Void) async throws {
        guard let id = enter(Passage(side: .change, layers: layers)) else { return }
        defer { leave(id) }
        try await body()
    }

    private func passing<Answer>(_ passage: Passage, _ body: () async throws -> Answer) async throws -> Answer {
        var id = enter(passage)
        while id == nil {
            try Task.checkCancellation()
            await wayIsFree(passage)
            id = enter(passage)
        }
        defer { if let id { leave(id) } }
        try Task.checkCancellation()
        return try await body()
    }

    private func enter(_ passage: Passage) -> UInt64? {
        state.withLock { state in
            guard !state.passing.values.contains(where: passage.excludes) else { return nil }
            state.last += 1
            state.passing[state.last] = passage
            return state.last
        }
    }

    private func leave(_ id: UInt64) {
        let woken = state.withLock { state in
            state.passing[id] = nil
            defer { state.waiting = [:] }
            return Array(state.waiting.values)
        }
        for waiter in woken { waiter.resume() }
    }

    /// Returns when somebody has left, nobody is in the way, or the task is cancelled.
    private func wayIsFree(_ passage: Passage) async {
        let ticket = state.withLock { state in
            state.last += 1
            return state.last
        }
        await withTaskCancellationHandler {
            await withCheckedContinuation { continuation in
                let waits = state.withLock { state in
                    guard !Task.isCancelled, state.passing.values.contains(where: passage.excludes) else {
                        return false
                    }
                    state.waiting[ticket] = continuation
                    return true
                }
                if !waits { continuation.resume() }
            }
        } onCancel: {
            state.withLock { $0.waiting.removeValue(forKey: ticket) }?.resume()
        }
    }
}
