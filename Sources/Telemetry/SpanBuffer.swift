internal import Synchronization

/// Spans between those who make them and whoever sends them away; the oldest go when nobody does.
package final class SpanBuffer: Sendable {
    private let limit: Int
    private let spans = Mutex<[Span]>([])
    /// Spans that went unsent.
    package let dropped = Counter()

    package init(limit: Int = 4096) { self.limit = limit }

    package func record(_ span: Span) {
        spans.withLock { spans in
            spans.append(span)
            guard spans.count > limit else { return }
            // An eighth at a time: moving the rest costs as much however many go.
            let excess = max(1, limit / 8)
            spans.removeFirst(excess)
            dropped.add(excess)
        }
    }

    /// Takes out the oldest.
    package func take(_ count: Int) -> [Span] {
        spans.withLock { spans in
            defer { spans.removeFirst(min(count, spans.count)) }
            return Array(spans.prefix(count))
        }
    }
}
