import Dispatch
import HTTP
import TestSupport
import Testing

@Suite struct TimeoutTests {
    private static let short = Duration.milliseconds(150)

    private func failure(_ timeouts: Timeouts, _ answer: @escaping @Sendable (Connection) throws -> Void) async throws
        -> HTTPError?
    {
        let closed = Sighting()
        let server = try ScriptedServer { _, connection in
            defer { closed.seen() }
            try answer(connection)
            connection.waitForPeerToClose()
            return false
        }
        let client = HTTPClient()
        defer { client.shutdown() }
        let error = await #expect(throws: HTTPError.self) {
            try await client.send(HTTPRequest(.get, server.url, timeouts: timeouts), maxBody: 1 << 20)
        }
        await closed.wait()
        return error
    }

    @Test func noHead() async throws {
        let error = try await failure(Timeouts(responseHead: Self.short)) { _ in }
        #expect(error?.code == .timeout && error?.isTransient == true)
    }

    @Test func headThatTrickles() async throws {
        let error = try await failure(Timeouts(responseHead: Self.short, idle: .seconds(60))) { connection in
            try connection.write("HTTP/1.1 200 OK\r\n")
            while true { try connection.write("X: y\r\n") }
        }
        // Whichever comes first: the time or the 64 KiB.
        #expect(error?.code == .timeout || error?.code == .protocolError)
    }

    @Test func bodyThatStandsStill() async throws {
        let error = try await failure(Timeouts(idle: Self.short)) { connection in
            try connection.write("HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\nabc")
        }
        #expect(error?.code == .idle && error?.isTransient == true)
        #expect(error?.message.contains("after 3 bytes") == true)
    }

    @Test func bodyThatTrickles() async throws {
        let floor = Timeouts.SpeedFloor(bytesPerSecond: 1 << 40, over: Self.short)
        let error = try await failure(Timeouts(floor: floor)) { connection in
            try connection.write("HTTP/1.1 200 OK\r\n\r\n")
            while true { try connection.write("x") }
        }
        #expect(error?.code == .idle || error?.code == .bodyTooLarge)
    }

    @Test func noConnection() async throws {
        // A full backlog: the kernel drops what asks for more.
        let listener = try FullListener()
        let client = HTTPClient()
        defer { client.shutdown() }
        let error = await #expect(throws: HTTPError.self) {
            try await client.send(
                HTTPRequest(.get, "http://127.0.0.1:\(listener.port)/", timeouts: Timeouts(connect: Self.short)),
                maxBody: 1)
        }
        #expect(error?.code == .timeout && error?.isTransient == true)
    }

    @Test func uploadThatIsNotTaken() async throws {
        let gate = DispatchSemaphore(value: 0)
        let server = try ScriptedServer { _, _ in
            gate.wait()
            return false
        }
        defer { gate.signal() }
        let client = HTTPClient()
        defer { client.shutdown() }
        let error = await #expect(throws: HTTPError.self) {
            try await client.send(
                HTTPRequest(.put, server.url, body: .bytes(pattern(32 << 20)), timeouts: Timeouts(idle: Self.short)),
                maxBody: 1)
        }
        #expect(error?.code == .idle)
    }
}
