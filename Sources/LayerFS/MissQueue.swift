internal import FUSE
internal import Telemetry

/// Carries misses from the kernel's threads into tasks. The kernel bounds their number: one a reader, and its own read-ahead.
final class MissQueue: Sendable {
    private let misses: AsyncStream<Miss>
    private let entrance: AsyncStream<Miss>.Continuation
    private let log: ReadErrorLog
    private let metrics: StoreMetrics

    init(_ log: ReadErrorLog, _ metrics: StoreMetrics) {
        (misses, entrance) = AsyncStream.makeStream()
        self.log = log
        self.metrics = metrics
    }

    /// Answers at once what is local; the rest waits.
    func read(_ node: LayerNode, _ range: Range<Int64>, _ reply: consuming ReadReply) {
        guard let unanswered = node.answer(range, reply, log) else { return metrics.hits.add() }
        metrics.misses.add()
        let miss = Miss(node, range, unanswered)
        if case .enqueued = entrance.yield(miss) { return }
        miss.abandon()
    }

    /// Serves until cancelled. Those that wait then are cancelled and answered before this returns.
    func run() async {
        let (log, metrics) = (log, metrics)
        await withDiscardingTaskGroup { group in
            // A cancelled stream still gives out what is in it.
            for await miss in misses {
                group.addTask { await miss.serve(log, metrics) }
            }
        }
    }
}
