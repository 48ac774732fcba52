import Foundation
import Telemetry
import Testing

@Suite("Traces")
struct TraceTests {
    @Test("A document is what a collector expects: ids in hexadecimal, times in nanoseconds since 1970 as text")
    func document() throws {
        struct Request: Decodable {
            struct ResourceSpans: Decodable {
                var resource: Resource
                var scopeSpans: [ScopeSpans]
            }
            struct Resource: Decodable { var attributes: [Attribute] }
            struct ScopeSpans: Decodable { var spans: [Wire] }
            struct Wire: Decodable {
                var traceId: String
                var spanId: String
                var parentSpanId: String?
                var name: String
                var kind: Int
                var startTimeUnixNano: String
                var endTimeUnixNano: String
                var attributes: [Attribute]
            }
            struct Attribute: Decodable, Equatable {
                struct Value: Decodable, Equatable { var stringValue: String }
                var key: String
                var value: Value
            }
            var resourceSpans: [ResourceSpans]
        }
        let document = TraceDocument(resource: [("service.name", "imagelet")], epoch: .init())
        let pull = Span.Context()
        let now = ContinuousClock.now
        let spans = [
            Span("pull", pull, from: now - .milliseconds(1500), to: now, attributes: [("image", "a\"b\u{1}")]),
            Span("fill", pull.another(), parent: pull.span, from: now, to: now),
        ]
        let bytes = try document.bytes(spans)
        let request = try JSONDecoder().decode(Request.self, from: Data(bytes))
        let resource = try #require(request.resourceSpans.first)
        #expect(resource.resource.attributes == [.init(key: "service.name", value: .init(stringValue: "imagelet"))])
        let wires = resource.scopeSpans.flatMap(\.spans)
        #expect(wires.map(\.name) == ["pull", "fill"])
        #expect(wires[0].attributes == [.init(key: "image", value: .init(stringValue: "a\"b\u{1}"))])
        #expect(wires[0].traceId.wholeMatch(of: /[0-9a-f]{32}/) != nil)
        #expect(wires[0].spanId.wholeMatch(of: /[0-9a-f]{16}/) != nil)
        #expect(wires[0].parentSpanId == nil)
        #expect(wires[1].traceId == wires[0].traceId && wires[1].parentSpanId == wires[0].spanId)
        #expect(wires[1].spanId != wires[0].spanId)
        let (start, end) = (
            try #require(Int64(wires[0].startTimeUnixNano)), try #require(Int64(wires[0].endTimeUnixNano))
        )
        #expect(end - start == 1_500_000_000)
        #expect(abs(Double(end) / 1e9 - Date.now.timeIntervalSince1970) < 3600)
    }

    @Test("Spans that nobody takes make room for newer ones")
    func buffer() {
        let buffer = SpanBuffer(limit: 16)
        let now = ContinuousClock.now
        for number in 0..<100 { buffer.record(Span("\(number)", Span.Context(), from: now, to: now)) }
        let taken = buffer.take(1000)
        #expect(taken.count <= 16 && taken.last?.name == "99")
        #expect(taken.count + buffer.dropped.value == 100)
        #expect(buffer.take(1).isEmpty)
    }
}
