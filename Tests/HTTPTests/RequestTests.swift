import HTTP
import TestSupport
import Testing

@Suite struct RequestTests {
    /// Answers with what the request was: its head as the body, its body after it.
    static func echo() throws -> ScriptedServer {
        try ScriptedServer { request, connection in
            var body: [UInt8] = []
            try connection.readBody(request.requestFraming) { body += $0 }
            try connection.answer(200, [("X-Method", request.method)], body: request.bytes + body)
            return true
        }
    }

    @Test func sendsItsLines() async throws {
        let server = try Self.echo()
        let client = HTTPClient(options: .init(userAgent: "imagelet/1"))
        defer { client.shutdown() }
        let response = try await client.send(
            HTTPRequest(
                .get, server.url + "/v2/a?b=c", headers: [HTTPHeader("X-One", "1"), HTTPHeader("X-Empty", "")],
                range: 5..<9),
            maxBody: 1 << 16)
        #expect(response.status == 200)
        let head = try #require(server.requests.first)
        #expect(head.startLine == "GET /v2/a?b=c HTTP/1.1")
        #expect(head.value(of: "Range") == "bytes=5-8")
        #expect(head.value(of: "Accept-Encoding") == "identity")
        #expect(head.value(of: "User-Agent") == "imagelet/1")
        #expect(head.value(of: "X-One") == "1")
        #expect(head.value(of: "X-Empty") == "")
        #expect(head.value(of: "Host") == "127.0.0.1:\(server.port)")
        #expect(head.value(of: "Cookie") == nil && head.value(of: "Authorization") == nil)
    }

    @Test(arguments: [HTTPRequest.Method.post, .put, .patch], [0, 1, 100_000, 3_000_000])
    func sendsBytes(method: HTTPRequest.Method, size: Int) async throws {
        let server = try Self.echo()
        let client = HTTPClient()
        defer { client.shutdown() }
        let body = pattern(size)
        let response = try await client.send(
            HTTPRequest(method, server.url, body: size == 0 ? nil : .bytes(body)), maxBody: 8 << 20)
        let head = try #require(server.requests.first)
        #expect(head.method == method.rawValue)
        #expect(head.value(of: "Content-Length") == "\(size)")
        #expect(head.value(of: "Expect") == nil && head.value(of: "Content-Type") == nil)
        #expect(Array(response.body.suffix(size)) == body)
    }

    @Test func streamsABody() async throws {
        let server = try Self.echo()
        let client = HTTPClient()
        defer { client.shutdown() }
        let body = pattern(5_000_000)
        let source = Pieces(body, size: 77_777)
        let response = try await client.send(
            HTTPRequest(.put, server.url, body: .stream(size: Int64(body.count), next: { await source.next() })),
            maxBody: 8 << 20)
        #expect(Array(response.body.suffix(body.count)) == body)
    }

    @Test(arguments: [999_999, 1_000_001])
    func refusesABodyOfAnotherSize(announced: Int64) async throws {
        let server = try Self.echo()
        let client = HTTPClient()
        defer { client.shutdown() }
        let source = Pieces(pattern(1_000_000), size: 50_000)
        let error = await #expect(throws: HTTPError.self) {
            try await client.send(
                HTTPRequest(.put, server.url, body: .stream(size: announced, next: { await source.next() })),
                maxBody: 8 << 20)
        }
        #expect(error?.code == .invalidRequest)
    }

    @Test func bodyStreamThatThrowsEndsTheRequest() async throws {
        struct Broken: Error {}
        let closed = Sighting()
        let server = try ScriptedServer { _, connection in
            connection.waitForPeerToClose()
            closed.seen()
            return false
        }
        let client = HTTPClient()
        defer { client.shutdown() }
        await #expect(throws: Broken.self) {
            try await client.send(
                HTTPRequest(.put, server.url, body: .stream(size: 10, next: { throw Broken() })), maxBody: 100)
        }
        await closed.wait()
    }

    /// A registry that refuses an upload need not read it.
    @Test func answerBeforeTheBodyIsSentEndsTheUpload() async throws {
        let server = try ScriptedServer { _, connection in
            try connection.answer(401, [("Connection", "close")])
            connection.waitForPeerToClose()
            return false
        }
        let client = HTTPClient()
        defer { client.shutdown() }
        let never = Sighting()
        let response = try await client.send(
            HTTPRequest(
                .put, server.url,
                body: .stream(size: 1 << 30) {
                    await never.wait()
                    try Task.checkCancellation()
                    return []
                }), maxBody: 100)
        #expect(response.status == 401)
    }

    @Test func headHasNoBody() async throws {
        let server = try ScriptedServer { _, connection in
            try connection.write("HTTP/1.1 200 OK\r\nContent-Length: 12345678\r\nDocker-Content-Digest: x\r\n\r\n")
            return true
        }
        let client = HTTPClient()
        defer { client.shutdown() }
        let response = try await client.send(HTTPRequest(.head, server.url), maxBody: 10)
        #expect(response.head.contentLength == 12_345_678)
        #expect(response.headers.first(of: "docker-content-digest") == "x")
        #expect(response.body.isEmpty)
    }

    @Test(arguments: [
        HTTPRequest(.get, "http://127.0.0.1/", headers: [HTTPHeader("A\r\nB", "c")]),
        HTTPRequest(.get, "http://127.0.0.1/", headers: [HTTPHeader("A", "c\r\nInjected: 1")]),
        HTTPRequest(.get, "http://127.0.0.1/", headers: [HTTPHeader("", "c")]),
        HTTPRequest(.get, "http://127.0.0.1/", range: 5..<5),
        HTTPRequest(.get, "http://127.0.0.1/", body: .bytes([1])),
        HTTPRequest(.put, "http://127.0.0.1/", body: .stream(size: -1, next: { nil })),
    ])
    func refusesWhatCannotBeSent(request: HTTPRequest) async {
        let error = await #expect(throws: HTTPError.self) { try await HTTPClient().send(request, maxBody: 1) }
        #expect(error?.code == .invalidRequest)
    }
}

/// Gives an array in pieces.
actor Pieces {
    private var rest: ArraySlice<UInt8>
    private let size: Int

    init(_ bytes: [UInt8], size: Int) {
        rest = bytes[...]
        self.size = size
    }

    func next() -> [UInt8]? {
        guard !rest.isEmpty else { return nil }
        defer { rest = rest.dropFirst(size) }
        return Array(rest.prefix(size))
    }
}
