import Linux
import Telemetry
import TestSupport
import Testing
import Web

@Suite("The web server")
struct WebServerTests {
    @Test func pages() async throws {
        try await withServer { port in
            let metrics = try await ask(port, "GET /metrics?x=1 HTTP/1.1\r\nConnection: close\r\n\r\n")
            #expect(metrics.hasPrefix("HTTP/1.1 200 OK\r\n"))
            #expect(metrics.lowercased().contains("content-type: text/plain; version=0.0.4; charset=utf-8\r\n"))
            #expect(metrics.hasSuffix("\r\n\r\n# nothing yet\n"))
            let live = try await ask(port, "GET /livez HTTP/1.1\r\nConnection: close\r\n\r\n")
            #expect(live.hasPrefix("HTTP/1.1 200 OK\r\n") && live.hasSuffix("[+]store ok\nlivez check passed\n"))
            let ready = try await ask(port, "GET /readyz HTTP/1.1\r\nConnection: close\r\n\r\n")
            #expect(ready.hasPrefix("HTTP/1.1 503 Service Unavailable\r\n"))
            #expect(ready.hasSuffix("[+]store ok\n[-]runtime failed: away\nreadyz check failed\n"))
            let head = try await ask(port, "HEAD /metrics HTTP/1.1\r\nConnection: close\r\n\r\n")
            #expect(head.hasPrefix("HTTP/1.1 200 OK\r\n") && head.hasSuffix("\r\n\r\n"))
        }
    }

    @Test(
        "What is not served is refused",
        arguments: [
            ("POST /metrics", "405"), ("DELETE /readyz", "405"), ("PATCH /livez", "405"), ("GET /", "404"),
            ("GET /metrics/", "404"), ("GET /../etc/passwd", "404"), ("POST /elsewhere", "404"),
        ])
    func refused(request: String, status: String) async throws {
        try await withServer { port in
            let answer = try await ask(port, "\(request) HTTP/1.1\r\nConnection: close\r\nContent-Length: 0\r\n\r\n")
            #expect(answer.hasPrefix("HTTP/1.1 \(status) "), "\(answer)")
            if status == "405" { #expect(answer.lowercased().contains("\r\nallow: get, head\r\n")) }
        }
    }

    @Test(
        "Malformed and oversized requests end, and others are served on",
        arguments: [
            "\u{16}\u{3}\u{1}\u{2}\u{0}\u{1}\u{0}\u{1}garbage\r\n\r\n",
            "GET /metrics\r\n\r\n",
            "GET /metrics HTTP/9.9\r\n\r\n",
            "GET /metrics HTTP/1.1\r\nContent-Length: -1\r\n\r\n",
            "GET /metrics HTTP/1.1\r\nContent-Length: 5\r\nTransfer-Encoding: chunked\r\n\r\n",
            "GET /metrics HTTP/1.1\r\nno colon here\r\n\r\n",
            "GET /" + String(repeating: "a", count: 1 << 20) + " HTTP/1.1\r\n\r\n",
            "GET /metrics HTTP/1.1\r\nX: " + String(repeating: "b", count: 1 << 20) + "\r\n\r\n",
            "GET /metrics HTTP/1.1\r\n" + String(repeating: "X: y\r\n", count: 5000) + "\r\n",
        ])
    func malformed(request: String) async throws {
        var limits = WebServer.Limits()
        limits.connectionLife = .seconds(5)
        try await withServer(limits) { port in
            let answer = try await ask(port, request)
            #expect(!answer.hasPrefix("HTTP/1.1 200"), "\(answer.prefix(80))")
            #expect(try await ask(port, "GET /livez HTTP/1.1\r\nConnection: close\r\n\r\n").hasPrefix("HTTP/1.1 200"))
        }
    }

    @Test("Who is slow to ask is cut off, and holds up nobody")
    func slow() async throws {
        var limits = WebServer.Limits()
        limits.connectionLife = .seconds(2)
        try await withServer(limits) { port in
            // One that says nothing, one that never ends its request, one that reads nothing of what it asked for again and again.
            let silent = try Connection(port: port)
            let trickling = try Connection(port: port)
            let deaf = try Connection(port: port)
            try trickling.write("GET /livez HTTP/1.1\r\nX: ")
            for _ in 0..<20 { try deaf.write("GET /metrics HTTP/1.1\r\nHost: a\r\n\r\n") }
            #expect(try await ask(port, "GET /livez HTTP/1.1\r\nConnection: close\r\n\r\n").hasPrefix("HTTP/1.1 200"))
            for connection in [silent, trickling, deaf] {
                try await BlockingThread.run("client") { connection.waitForPeerToClose() }
            }
        }
    }

    @Test("A body without end is neither kept nor waited for")
    func endlessBody() async throws {
        var limits = WebServer.Limits()
        limits.connectionLife = .seconds(2)
        try await withServer(limits) { port in
            let connection = try Connection(port: port)
            let written = try await BlockingThread.run("client") {
                var written = 0
                let piece = [UInt8](repeating: 0x61, count: 1 << 16)
                do {
                    try connection.write("POST /metrics HTTP/1.1\r\nHost: a\r\nContent-Length: 1000000000000\r\n\r\n")
                    while true {
                        try connection.write(piece)
                        written += piece.count
                    }
                } catch {
                    return written
                }
            }
            #expect(written < 1_000_000_000_000)
            #expect(try await ask(port, "GET /livez HTTP/1.1\r\nConnection: close\r\n\r\n").hasPrefix("HTTP/1.1 200"))
        }
    }

    @Test("More connections than there may be wait their turn")
    func crowd() async throws {
        var limits = WebServer.Limits()
        limits.connectionLife = .seconds(2)
        limits.maxConnections = 4
        try await withServer(limits) { port in
            let crowd = try (0..<40).map { _ in try Connection(port: port) }
            // Served when the life of those before is over.
            #expect(try await ask(port, "GET /livez HTTP/1.1\r\nConnection: close\r\n\r\n").hasPrefix("HTTP/1.1 200"))
            for connection in crowd { connection.close() }
        }
    }

    @Test func unixSocket() async throws {
        try await withTemporaryDirectory { directory in
            let path = directory + "/web.sock"
            let server = WebServer(at: .socket(path), pages: samplePages)
            try await serving(server) { address in
                #expect(address == .socket(path))
                let answer = try Tool.check(["curl", "-sS", "--unix-socket", path, "http://node/metrics"])
                #expect(String(decoding: answer, as: UTF8.self) == "# nothing yet\n")
            }
        }
    }

    @Test func addressInUse() async throws {
        try await withServer { port in
            let second = WebServer(
                at: .network(host: "127.0.0.1", port: Int(port)), pages: samplePages)
            await #expect(throws: (any Error).self) { try await second.run() }
        }
    }
}
