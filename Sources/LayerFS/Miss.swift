internal import FUSE
internal import Linux
internal import Synchronization

/// A read that waits for bytes. Its reader may go away meanwhile.
struct Miss: Sendable {
    private let node: LayerNode
    /// Bytes of the file.
    private let range: Range<Int64>
    private let reader: Reader
    private let reply: Handoff<ReadReply>

    /// A layer may lose bytes again between their arrival and their being read (eviction); more often than this is a fault.
    private static let attempts = 4

    init(_ node: LayerNode, _ range: Range<Int64>, _ reply: consuming ReadReply) {
        self.node = node
        self.range = range
        let reader = Reader()
        var reply = reply
        reply.onInterrupt { reader.leave() }
        self.reader = reader
        self.reply = Handoff(reply)
    }

    /// Waits for the bytes and answers. Ends early if the reader leaves or the task is cancelled.
    func serve(_ log: ReadErrorLog) async {
        let task = Task { await wait(log) }
        reader.waits(for: task)
        await withTaskCancellationHandler {
            await task.value
        } onCancel: {
            task.cancel()
        }
    }

    /// Answers a miss that nobody will serve.
    func abandon() { reply.take()?.fail(.ioError) }

    private func wait(_ log: ReadErrorLog) async {
        guard var reply = reply.take() else { return }
        for _ in 0..<Self.attempts {
            do {
                try await node.makeLocal(range)
            } catch {
                // A reader that leaves and a daemon that stops are no faults.
                if reader.hasLeft { return reply.fail(.interrupted) }
                if !Task.isCancelled { log.note(error, slot: node.slot, path: node.path) }
                return reply.fail(.ioError)
            }
            guard let unanswered = node.answer(range, reply, log) else { return }
            reply = unanswered
        }
        log.note(MissError.evicted, slot: node.slot, path: node.path)
        reply.fail(.ioError)
    }
}

private enum MissError: Error { case evicted }

extension LayerNode {
    /// Answers a read if all of `range` is local, or cannot be read at all; else gives the reply back.
    func answer(_ range: Range<Int64>, _ reply: consuming ReadReply, _ log: ReadErrorLog) -> ReadReply? {
        do {
            return try reply.trySend(size: range.count) { span in
                try fill(&span, with: range) ? range.count : nil
            }
        } catch {
            log.note(error, slot: slot, path: path)
            return nil
        }
    }
}

/// Whoever waits for a miss.
private final class Reader: Sendable {
    private struct State {
        var hasLeft = false
        var task: Task<Void, Never>?
    }

    private let state = Mutex(State())

    var hasLeft: Bool { state.withLock { $0.hasLeft } }

    /// The reader was interrupted: its task is cancelled, now or when it is there.
    func leave() {
        let task = state.withLock { state in
            state.hasLeft = true
            return state.task
        }
        task?.cancel()
    }

    func waits(for task: Task<Void, Never>) {
        let hasLeft = state.withLock { state in
            state.task = task
            return state.hasLeft
        }
        if hasLeft { task.cancel() }
    }
}
