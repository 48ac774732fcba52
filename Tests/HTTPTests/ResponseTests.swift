import HTTP
import Synchronization
import TestSupport
import Testing

@Suite struct ResponseTests {
    /// A body as a server may frame it, and what must arrive.
    struct Framed: Sendable, CustomTestStringConvertible {
        var testDescription: String
        var wire: String
        var body: String
    }

    @Test(arguments: [
        Framed(testDescription: "length", wire: "HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nhello", body: "hello"),
        Framed(
            testDescription: "chunks",
            wire:
                "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nhe\r\n3;x=y\r\nllo\r\n0\r\nTrailer: x\r\n\r\n",
            body: "hello"),
        Framed(
            testDescription: "until close", wire: "HTTP/1.1 200 OK\r\nConnection: close\r\n\r\nhello", body: "hello"),
        Framed(testDescription: "HTTP/1.0", wire: "HTTP/1.0 200 OK\r\n\r\nhello", body: "hello"),
        Framed(
            testDescription: "interim",
            wire: "HTTP/1.1 103 Early\r\nLink: x\r\n\r\nHTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nhello",
            body: "hello"),
        Framed(
            testDescription: "encoded",
            wire: "HTTP/1.1 200 OK\r\nContent-Encoding: gzip\r\nContent-Length: 5\r\n\r\nhello", body: "hello"),
        Framed(testDescription: "no content", wire: "HTTP/1.1 204 None\r\n\r\n", body: ""),
        Framed(testDescription: "error", wire: "HTTP/1.1 404 None\r\nContent-Length: 5\r\n\r\nhello", body: "hello"),
        Framed(
            testDescription: "redirect, not followed",
            wire: "HTTP/1.1 307 There\r\nLocation: http://127.0.0.1:1/\r\nContent-Length: 0\r\n\r\n", body: ""),
    ])
    func reads(framed: Framed) async throws {
        let server = try ScriptedServer { _, connection in
            try connection.write(framed.wire)
            return false
        }
        let client = HTTPClient()
        defer { client.shutdown() }
        let response = try await client.send(HTTPRequest(.get, server.url), maxBody: 100)
        #expect(String(decoding: response.body, as: UTF8.self) == framed.body)
        #expect(response.headers.first(of: "Link") == nil)
    }

    @Test func keepsRepeatedHeaders() async throws {
        let server = try ScriptedServer { _, connection in
            try connection.answer(
                401, [("WWW-Authenticate", "Bearer a"), ("www-authenticate", "Basic b"), ("Empty", "")])
            return true
        }
        let client = HTTPClient()
        defer { client.shutdown() }
        let head = try await client.send(HTTPRequest(.get, server.url), maxBody: 0).head
        #expect(head.status == 401)
        #expect(head.headers.values(of: "Www-Authenticate") == ["Bearer a", "Basic b"])
        #expect(head.headers.first(of: "empty") == "")
        #expect(head.headers.first(of: "absent") == nil)
    }

    /// A wire on which an answer fails, and how that is told.
    struct Broken: Sendable, CustomTestStringConvertible {
        var testDescription: String
        var wire: String
        var code: HTTPError.Code
    }

    @Test(arguments: [
        Broken(testDescription: "closed at once", wire: "", code: .reset),
        Broken(
            testDescription: "cut in the body", wire: "HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\nhello", code: .reset),
        Broken(
            testDescription: "cut in a chunk", wire: "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n9\r\nhello",
            code: .reset),
        Broken(
            testDescription: "not a chunk", wire: "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\nhello",
            code: .reset),
        Broken(testDescription: "not HTTP", wire: "SSH-2.0-OpenSSH_9.2\r\n", code: .protocolError),
        Broken(
            testDescription: "one long header",
            wire: "HTTP/1.1 200 OK\r\nX: \(String(repeating: "x", count: 70_000))\r\n\r\n",
            code: .protocolError),
        Broken(
            testDescription: "many headers",
            wire: "HTTP/1.1 200 OK\r\n\(String(repeating: "X-Header: value\r\n", count: 5_000))\r\n",
            code: .protocolError),
        Broken(
            testDescription: "interim answers for ever",
            wire: String(repeating: "HTTP/1.1 103 Early\r\nA: b\r\n\r\n", count: 3_000),
            code: .protocolError),
    ])
    func tellsWhatIsBroken(broken: Broken) async throws {
        let server = try ScriptedServer { _, connection in
            try connection.write(broken.wire)
            return false
        }
        let client = HTTPClient()
        defer { client.shutdown() }
        let error = await #expect(throws: HTTPError.self) {
            try await client.send(HTTPRequest(.get, server.url + "/blob?X-Amz-Signature=secret"), maxBody: 1 << 20)
        }
        #expect(error?.code == broken.code)
        #expect(error?.message.contains("GET \(server.url)/blob: ") == true)
        #expect(error?.message.contains("secret") == false)
    }

    @Test func deliversWhatCameBeforeTheCut() async throws {
        let server = try ScriptedServer { _, connection in
            try connection.write("HTTP/1.1 206 Partial\r\nContent-Length: 1000000\r\n\r\n")
            try connection.write(pattern(600_000))
            return false
        }
        let client = HTTPClient()
        defer { client.shutdown() }
        var body: [UInt8] = []
        let error = await #expect(throws: HTTPError.self) {
            _ = try await client.stream(HTTPRequest(.get, server.url)) {
                #expect($0.status == 206)
            } onBody: {
                body += $0
            }
        }
        #expect(error?.code == .reset && error?.isTransient == true)
        #expect(body == pattern(600_000))
    }

    @Test func resetIsAnError() async throws {
        let server = try ScriptedServer { _, connection in
            try connection.write("HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\nabc")
            connection.reset()
            return false
        }
        let client = HTTPClient()
        defer { client.shutdown() }
        let error = await #expect(throws: HTTPError.self) {
            try await client.send(HTTPRequest(.get, server.url), maxBody: 10)
        }
        #expect(error?.code == .reset)
    }

    @Test(arguments: ["Content-Length: 12\r\n\r\n", "\r\n"])
    func bodyLongerThanWantedIsRefused(lines: String) async throws {
        let closed = Sighting()
        let server = try ScriptedServer { _, connection in
            try connection.write("HTTP/1.1 200 OK\r\n\(lines)hello hello")
            connection.waitForPeerToClose()
            closed.seen()
            return false
        }
        let client = HTTPClient()
        defer { client.shutdown() }
        let error = await #expect(throws: HTTPError.self) {
            try await client.send(HTTPRequest(.get, server.url), maxBody: 10)
        }
        #expect(error?.code == .bodyTooLarge)
        await closed.wait()
    }

    @Test(arguments: [
        ("http://127.0.0.1:1/", HTTPError.Code.connect), ("http://imagelet-test.invalid/", .resolve),
        ("ftp://127.0.0.1/", .invalidURL),
    ])
    func tellsWhyThereIsNoConnection(url: String, code: HTTPError.Code) async {
        let client = HTTPClient()
        defer { client.shutdown() }
        let error = await #expect(throws: HTTPError.self) { try await client.send(HTTPRequest(.get, url), maxBody: 1) }
        #expect(error?.code == code)
        #expect(error?.isTransient == (code != .invalidURL))
    }
}
