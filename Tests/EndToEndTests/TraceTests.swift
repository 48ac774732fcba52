import Foundation
import TestSupport
import Testing

@Suite("Traces of pulls", .enabled(if: TestNode.isPossible, "needs root, /dev/fuse and docker-registry"))
struct TraceTests {
    @Test("A pull, its first byte, its readers' waits and its fill are spans of one trace")
    func pull() async throws {
        try await withTestRegistry { registry in
            try await withTemporaryDirectory { directory in
                let collector = try await TestCollector(in: directory)
                defer { collector.stop() }
                try await withNode("fill: {enabled: false}\ntraces: {endpoint: \"\(collector.endpoint)\"}") { node in
                    let image = "\(registry.host)/traced:v1"
                    try TestImage(layers: [.gzip(TestImage.bulk(2 << 20))]).push(to: registry, "traced")
                    try node.index(image)
                    try node.pull(image, "stream")
                    let slot = try node.inspect(image).layers[0].slot
                    _ = try Data(contentsOf: URL(fileURLWithPath: "\(node.store)/\(slot)/bulk/file3"))
                    // Completes the layer, and with it the first pull.
                    try node.pull(image, "prefetch")
                    try await eventually("the trace is told") {
                        let names = Set(try collector.spans.map(\.name))
                        return names.isSuperset(of: ["pull", "first byte", "wait", "fill"])
                    }
                    let spans = try collector.spans
                    let pull = try #require(spans.first { $0.name == "pull" })
                    #expect(pull.parentSpanId == nil)
                    for name in ["first byte", "wait", "fill"] {
                        let span = try #require(spans.first { $0.name == name })
                        #expect(span.traceId == pull.traceId && span.parentSpanId == pull.spanId, "\(name)")
                    }
                    for span in spans {
                        let (start, end) = (Int64(span.startTimeUnixNano) ?? .max, Int64(span.endTimeUnixNano) ?? 0)
                        #expect(start <= end, "\(span)")
                    }
                    let files = spans.filter { $0.name == "wait" }.flatMap(\.attributes)
                        .filter { $0.key == "file.path" }.map(\.value.stringValue)
                    #expect(files.contains { $0.hasSuffix("bulk/file3") }, "\(files)")
                    #expect(collector.heads == ["/v1/traces application/json"])
                }
            }
        }
    }

    @Test("A collector that is not there costs no pull")
    func noCollector() async throws {
        try await withTestRegistry { registry in
            try await withNode("traces: {endpoint: \"http://127.0.0.1:1/v1/traces\"}") { node in
                let image = "\(registry.host)/untold:v1"
                try TestImage(layers: [.gzip(TestImage.bulk(1 << 20))]).push(to: registry, "untold")
                try node.pull(image)
                _ = try await node.daemon.waitForLog("(traces cannot be sent)")
                try node.pull(image)
            }
        }
    }
}
