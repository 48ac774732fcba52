internal import HTTP
internal import Logging
internal import Telemetry

/// Sends spans to a collector of OpenTelemetry, OTLP over HTTP as JSON.
///
/// What cannot be sent is dropped and counted: traces are for looking at, and no image waits for them.
struct TraceExport: Sendable {
    let spans: SpanBuffer
    /// Takes POST: `http://host:4318/v1/traces`.
    let endpoint: String
    let http: HTTPClient
    let logger: Logger

    private static let interval = Duration.seconds(2)
    /// Spans of one request.
    private static let batch = 512
    private static let timeouts = Timeouts(
        connect: .seconds(5), responseHead: .seconds(10), idle: .seconds(10))

    /// Until cancelled.
    func run() async throws {
        let document = TraceDocument(
            resource: [("service.name", "imagelet"), ("service.version", Version.current)], epoch: .init())
        var isFailing = false
        while true {
            try await Task.sleep(for: Self.interval)
            while case let batch = spans.take(Self.batch), !batch.isEmpty {
                do {
                    try await send(document.bytes(batch))
                    isFailing = false
                } catch {
                    try Task.checkCancellation()
                    spans.dropped.add(batch.count)
                    if !isFailing { logger.warning("traces cannot be sent", metadata: ["error": "\(error)"]) }
                    isFailing = true
                }
            }
        }
    }

    private func send(_ body: [UInt8]) async throws {
        let request = HTTPRequest(
            .post, endpoint, headers: [HTTPHeader("Content-Type", "application/json")], body: .bytes(body),
            timeouts: Self.timeouts)
        let response = try await http.send(request, maxBody: 64 << 10)
        guard (200...299).contains(response.status) else {
            throw DaemonError("the collector answered \(response.status)")
        }
    }
}
