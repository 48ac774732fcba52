internal import FUSE
internal import Linux
internal import Telemetry

/// A read that waits for bytes. Its reader may go away meanwhile.
struct Miss: Sendable {
    private let node: LayerNode
    /// Bytes of the file.
    private let range: Range<Int64>
    /// Of the reader.
    private let thread: Int32
    /// An element if the reader gets a signal.
    private let interrupts: AsyncStream<Void>
    private let reply: Handoff<ReadReply>
    private let arrival = ContinuousClock.now

    /// A layer may lose bytes again between their arrival and their being read (eviction); more often than this is a fault.
    private static let attempts = 4

    init(_ node: LayerNode, _ range: Range<Int64>, _ reply: consuming ReadReply) {
        self.node = node
        self.range = range
        thread = reply.thread
        let (interrupts, interrupted) = AsyncStream.makeStream(of: Void.self, bufferingPolicy: .bufferingNewest(1))
        self.interrupts = interrupts
        var reply = reply
        reply.onInterrupt { interrupted.yield() }
        self.reply = Handoff(reply)
    }

    /// Waits for the bytes and answers. Ends early if the reader is killed or the task is cancelled.
    func serve(_ log: ReadErrorLog, _ metrics: StoreMetrics) async {
        metrics.waiting.add(1)
        defer { metrics.waiting.add(-1) }
        await withTaskGroup(of: Void.self) { group in
            group.addTask {
                let isAnswered = await wait(log)
                guard !Task.isCancelled else { return }
                let end = ContinuousClock.now
                metrics.waits.observe(end - arrival)
                metrics.waited?(
                    StoreMetrics.Wait(node, at: range.lowerBound, from: arrival, to: end, failed: !isAnswered))
            }
            group.addTask { await departure() }
            // A reader that has gone needs no bytes, one that has them is not watched.
            await group.next()
            group.cancelAll()
        }
    }

    /// Returns when the reader is being killed, or the task is cancelled.
    ///
    /// Most signals kill nobody: the Go runtime sends its threads one every few milliseconds. A read that failed for it would be a page
    /// that a program never gets, and its end. The kernel tells of the first signal only, so from then on we look ourselves.
    private func departure() async {
        for await _ in interrupts { break }
        while !Task.isCancelled, !ThreadStatus.isEnding(thread) {
            try? await Task.sleep(for: .milliseconds(100))
        }
    }

    /// Answers a miss that nobody will serve.
    func abandon() { reply.take()?.fail(.ioError) }

    /// - Returns: whether the reader got its bytes.
    private func wait(_ log: ReadErrorLog) async -> Bool {
        guard var reply = reply.take() else { return false }
        for _ in 0..<Self.attempts {
            do {
                try await node.makeLocal(range)
            } catch {
                // A reader that leaves and a daemon that stops are no faults.
                if !Task.isCancelled { log.note(error, slot: node.slot, path: node.path) }
                reply.fail(.ioError)
                return false
            }
            guard let unanswered = node.answer(range, reply, log) else { return true }
            reply = unanswered
        }
        log.note(MissError.evicted, slot: node.slot, path: node.path)
        reply.fail(.ioError)
        return false
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
