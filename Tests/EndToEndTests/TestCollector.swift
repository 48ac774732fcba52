import Foundation
import TestSupport

/// Takes what is sent to a collector of traces, and keeps it.
final class TestCollector: Sendable {
    private let process: ChildProcess
    let endpoint: String

    init(in directory: String) async throws {
        let program = """
            import http.server
            class Collector(http.server.BaseHTTPRequestHandler):
                def do_POST(self):
                    print("head", self.path, self.headers["Content-Type"], flush=True)
                    print("body", self.rfile.read(int(self.headers["Content-Length"])).decode(), flush=True)
                    self.send_response(200)
                    self.send_header("Content-Length", "0")
                    self.end_headers()
            server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Collector)
            print("listening on", server.server_address[1], flush=True)
            server.serve_forever()
            """
        process = try ChildProcess(["python3", "-u", "-c", program], logPath: directory + "/collector.log")
        endpoint = "http://127.0.0.1:\(try await process.waitForLog("listening on ([0-9]+)"))/v1/traces"
    }

    func stop() { process.stop() }

    struct Span: Decodable {
        struct Attribute: Decodable {
            struct Value: Decodable { var stringValue: String }
            var key: String
            var value: Value
        }
        var traceId: String
        var spanId: String
        var parentSpanId: String?
        var name: String
        var startTimeUnixNano: String
        var endTimeUnixNano: String
        var attributes: [Attribute]
    }

    /// Path and content type of each request.
    var heads: Set<Substring> {
        Set(process.log.split(separator: "\n").filter { $0.hasPrefix("head ") }.map { $0.dropFirst("head ".count) })
    }

    /// All spans that came so far.
    var spans: [Span] {
        get throws {
            struct Scope: Decodable { var spans: [Span] }
            struct Resource: Decodable { var scopeSpans: [Scope] }
            struct Request: Decodable { var resourceSpans: [Resource] }
            return try process.log.split(separator: "\n").filter { $0.hasPrefix("body ") && $0.hasSuffix("}") }
                .flatMap { line in
                    try JSONDecoder().decode(Request.self, from: Data(line.dropFirst("body ".count).utf8))
                        .resourceSpans.flatMap(\.scopeSpans).flatMap(\.spans)
                }
        }
    }
}
