package import OCI
internal import Policy
internal import Synchronization
internal import Telemetry

/// What becomes of images from their pull until all of them is here: how long they took, and how long their readers waited meanwhile.
/// Pulls put them in, layers that complete take them out.
package final class PullTimeline: Sendable {
    private struct Record {
        var missing: Set<Digest>
        var start: ContinuousClock.Instant
        var mounted: ContinuousClock.Instant
        var strategy: Strategy
        var trace: Span.Context?
        /// Waits of readers that were told so far.
        var waits = 0
    }

    /// Images that are waited for before the oldest is forgotten: some never complete.
    private static let limit = 1024
    /// Waits told of one image: enough to see a start, few enough for a trace.
    private static let maxWaits = 500

    private let images = Mutex<[Digest: Record]>([:])
    private let metrics: PullMetrics
    private let spans: SpanBuffer?

    /// - Parameter spans: gets what happens as traces; nil: nobody does.
    init(_ metrics: PullMetrics, spans: SpanBuffer?) {
        self.metrics = metrics
        self.spans = spans
    }

    /// The image can be read, and of its layers something may still be missing.
    func mounted(
        _ image: ResolvedImage, since start: ContinuousClock.Instant, _ decision: Decision,
        isComplete: (Digest) -> Bool
    ) {
        let now = ContinuousClock.now
        metrics.mounted[.init(strategy: decision.strategy)].observe(now - start)
        let layers = image.distinctLayers.map(\.descriptor.digest)
        var record = Record(missing: Set(layers), start: start, mounted: now, strategy: decision.strategy)
        if let spans {
            let trace = Span.Context()
            record.trace = trace
            spans.record(
                Span(
                    "pull", trace, from: start, to: now,
                    attributes: [
                        ("image", "\(image.reference)"), ("image.digest", "\(image.digest)"),
                        ("strategy", decision.strategy.rawValue),
                        ("reasons", decision.reasons.map(\.description).joined(separator: "; ")),
                    ]))
        }
        images.withLock { images in
            if images.count >= Self.limit, let oldest = images.min(by: { $0.value.start < $1.value.start })?.key {
                images[oldest] = nil
            }
            images[image.digest] = record
        }
        // Looked at once it is expected, so that none completes unseen in between.
        for layer in layers where isComplete(layer) { arrived(layer) }
    }

    /// All of a layer is here.
    func arrived(_ layer: Digest) {
        let done = images.withLock { images in
            var done: [Record] = []
            for (image, var record) in images where record.missing.remove(layer) != nil {
                images[image] = record.missing.isEmpty ? nil : record
                if record.missing.isEmpty { done.append(record) }
            }
            return done
        }
        let now = ContinuousClock.now
        for record in done {
            metrics.complete[.init(strategy: record.strategy)].observe(now - record.start)
            guard let spans, let trace = record.trace else { continue }
            spans.record(Span("fill", trace.another(), parent: trace.span, from: record.mounted, to: now))
        }
    }

    /// A reader waited for bytes of a layer.
    /// - Parameter path: of the file in the layer; only worked out if it is told.
    package func readerWaited(
        _ layer: Digest, from start: ContinuousClock.Instant, to end: ContinuousClock.Instant, path: () -> String
    ) {
        guard let spans else { return }
        let traced = images.withLock { images in
            images.compactMap { image, record -> (trace: Span.Context, pull: ContinuousClock.Instant, isFirst: Bool)? in
                guard let trace = record.trace, record.missing.contains(layer), record.waits < Self.maxWaits else {
                    return nil
                }
                images[image]?.waits += 1
                return (trace, record.start, record.waits == 0)
            }
        }
        guard !traced.isEmpty else { return }
        let attributes = [(key: "layer.digest", value: "\(layer)"), (key: "file.path", value: path())]
        for (trace, pull, isFirst) in traced {
            if isFirst { spans.record(Span("first byte", trace.another(), parent: trace.span, from: pull, to: end)) }
            spans.record(
                Span("wait", trace.another(), parent: trace.span, from: start, to: end, attributes: attributes))
        }
    }
}
