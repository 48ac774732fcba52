internal import FoundationEssentials

/// Spans as a collector of OpenTelemetry takes them: the JSON form of OTLP over HTTP, an `ExportTraceServiceRequest`.
package struct TraceDocument: Sendable {
    /// What a moment of the clock that spans are measured with is called by the calendar.
    package struct Epoch: Sendable {
        private let instant = ContinuousClock.now
        private let nanoseconds = Int64(Date.now.timeIntervalSince1970 * 1e9)

        package init() {}

        func nanoseconds(_ moment: ContinuousClock.Instant) -> String {
            String(nanoseconds + Int64((moment - instant).nanoseconds))
        }
    }

    private let resource: [(key: String, value: String)]
    private let epoch: Epoch

    /// - Parameter resource: who makes the spans: `service.name` and the like.
    package init(resource: [(key: String, value: String)], epoch: Epoch) {
        self.resource = resource
        self.epoch = epoch
    }

    package func bytes(_ spans: [Span]) throws -> [UInt8] {
        let request = Request(resourceSpans: [
            .init(
                resource: .init(attributes: resource.map { .init($0) }),
                scopeSpans: [.init(scope: .init(name: "imagelet"), spans: spans.map(wire))])
        ])
        return Array(try JSONEncoder().encode(request))
    }

    private func wire(_ span: Span) -> Wire {
        Wire(
            traceId: "\(span.context.trace)", spanId: "\(span.context.span)", parentSpanId: span.parent.map { "\($0)" },
            name: span.name, startTimeUnixNano: epoch.nanoseconds(span.start),
            endTimeUnixNano: epoch.nanoseconds(span.end), attributes: span.attributes.map { .init($0) })
    }

    // The shape of opentelemetry-proto; identifiers are hexadecimal, 64-bit numbers are text.
    private struct Request: Encodable { var resourceSpans: [ResourceSpans] }
    private struct ResourceSpans: Encodable {
        var resource: Resource
        var scopeSpans: [ScopeSpans]
    }
    private struct Resource: Encodable { var attributes: [Attribute] }
    private struct ScopeSpans: Encodable {
        var scope: Scope
        var spans: [Wire]
    }
    private struct Scope: Encodable { var name: String }
    private struct Wire: Encodable {
        var traceId: String
        var spanId: String
        var parentSpanId: String?
        var name: String
        /// SPAN_KIND_INTERNAL
        var kind = 1
        var startTimeUnixNano: String
        var endTimeUnixNano: String
        var attributes: [Attribute]
    }
    private struct Attribute: Encodable {
        struct Value: Encodable { var stringValue: String }
        var key: String
        var value: Value

        init(_ attribute: (key: String, value: String)) {
            key = attribute.key
            value = Value(stringValue: attribute.value)
        }
    }
}
