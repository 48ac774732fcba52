/// A piece of time that somebody may want to see on a line: part of a trace, of OpenTelemetry's kind.
package struct Span: Sendable {
    /// What ties spans together.
    package struct Context: Sendable, Hashable {
        package let trace: TraceID
        package let span: SpanID

        /// A new trace.
        package init() {
            trace = TraceID()
            span = SpanID()
        }

        private init(trace: TraceID) {
            self.trace = trace
            span = SpanID()
        }

        /// Another span of the same trace.
        package func another() -> Context { Context(trace: trace) }
    }

    package let context: Context
    package let parent: SpanID?
    package let name: String
    package let start: ContinuousClock.Instant
    package let end: ContinuousClock.Instant
    package let attributes: [(key: String, value: String)]

    package init(
        _ name: String, _ context: Context, parent: SpanID? = nil, from start: ContinuousClock.Instant,
        to end: ContinuousClock.Instant, attributes: [(key: String, value: String)] = []
    ) {
        self.context = context
        self.parent = parent
        self.name = name
        self.start = start
        self.end = end
        self.attributes = attributes
    }
}

/// 16 random bytes, not all zero.
package struct TraceID: Sendable, Hashable, CustomStringConvertible {
    private let high = UInt64.random(in: 1 ... .max)
    private let low = UInt64.random(in: 0 ... .max)

    package var description: String { high.hexadecimal + low.hexadecimal }
}

/// 8 random bytes, not all zero.
package struct SpanID: Sendable, Hashable, CustomStringConvertible {
    private let number = UInt64.random(in: 1 ... .max)

    package var description: String { number.hexadecimal }
}

extension UInt64 {
    fileprivate var hexadecimal: String {
        let digits = String(self, radix: 16)
        return String(repeating: "0", count: 16 - digits.count) + digits
    }
}
