import Foundation
import HTTP
import Synchronization
import TestSupport
import Testing

@Suite struct TransferTests {
    /// Sends 200 and zeros until the client goes; tells how many bytes it got rid of and that the client went.
    static func endless(_ sent: Counter, _ closed: Sighting) throws -> ScriptedServer {
        try ScriptedServer { _, connection in
            defer { closed.seen() }
            try connection.write("HTTP/1.1 200 OK\r\n\r\n")
            let piece = [UInt8](repeating: 0, count: 64 << 10)
            while true {
                try connection.write(piece)
                sent.add(piece.count)
            }
        }
    }

    @Test func slowReaderHoldsTheSender() async throws {
        let sent = Counter()
        let closed = Sighting()
        let server = try Self.endless(sent, closed)
        let client = HTTPClient()
        defer { client.shutdown() }
        struct Enough: Error {}
        await #expect(throws: Enough.self) {
            _ = try await client.stream(HTTPRequest(.get, server.url)) { _ in
            } onBody: { _ in
                // Until the sender stands still: it waits for us, or this test never ends.
                var before = -1
                while before != sent.value {
                    before = sent.value
                    try await Task.sleep(for: .milliseconds(300))
                }
                throw Enough()
            }
        }
        // What is not here is in the socket buffers of both ends, which Linux lets grow to 4 + 6 MiB.
        #expect(sent.value < 16 << 20)
        await closed.wait()
    }

    @Test func bodyArrivesWholeThroughASlowReader() async throws {
        let body = pattern(8 << 20)
        let server = try ScriptedServer { _, connection in
            try connection.answer(200, body: body)
            return true
        }
        let client = HTTPClient()
        defer { client.shutdown() }
        var received: [UInt8] = []
        var largest = 0
        let timeouts = Timeouts(
            idle: .milliseconds(200), floor: .init(bytesPerSecond: 1 << 16, over: .milliseconds(200)))
        _ = try await client.stream(HTTPRequest(.get, server.url, timeouts: timeouts)) { _ in
        } onBody: { piece in
            if received.isEmpty {
                // Longer than the timeouts: time in which we take nothing is not the sender's.
                try await Task.sleep(for: .milliseconds(600))
            }
            largest = max(largest, piece.count)
            received += piece
        }
        #expect(received == body)
        #expect(largest <= 256 << 10)
    }

    @Test func cancellingTheTaskClosesTheConnection() async throws {
        let sent = Counter()
        let closed = Sighting()
        let server = try Self.endless(sent, closed)
        let client = HTTPClient()
        defer { client.shutdown() }
        let started = Sighting()
        let task = Task {
            try await client.stream(HTTPRequest(.get, server.url)) { _ in
            } onBody: { _ in
                started.seen()
            }
        }
        await started.wait()
        task.cancel()
        await #expect(throws: CancellationError.self) { _ = try await task.value }
        await closed.wait()
    }

    @Test func cancellingWhileNothingArrivesClosesTheConnection() async throws {
        let asked = Sighting()
        let closed = Sighting()
        let server = try ScriptedServer { _, connection in
            asked.seen()
            connection.waitForPeerToClose()
            closed.seen()
            return false
        }
        let client = HTTPClient()
        defer { client.shutdown() }
        let task = Task { try await client.send(HTTPRequest(.get, server.url), maxBody: 1) }
        await asked.wait()
        task.cancel()
        await #expect(throws: CancellationError.self) { _ = try await task.value }
        await closed.wait()
    }

    @Test func cancelledTaskSendsNothing() async throws {
        let server = try RequestTests.echo()
        let client = HTTPClient()
        defer { client.shutdown() }
        let task = Task {
            withUnsafeCurrentTask { $0?.cancel() }
            return try await client.send(HTTPRequest(.get, server.url), maxBody: 1)
        }
        await #expect(throws: CancellationError.self) { _ = try await task.value }
        #expect(server.requests.isEmpty)
    }

    @Test(arguments: [true, false])
    func errorOfTheCallerClosesTheConnection(inHead: Bool) async throws {
        struct Unwanted: Error {}
        let closed = Sighting()
        let server = try Self.endless(Counter(), closed)
        let client = HTTPClient()
        defer { client.shutdown() }
        await #expect(throws: Unwanted.self) {
            _ = try await client.stream(HTTPRequest(.get, server.url)) { _ in
                if inHead { throw Unwanted() }
            } onBody: { _ in
                throw Unwanted()
            }
        }
        await closed.wait()
    }

    @Test func connectionsAreUsedAgain() async throws {
        let server = try RequestTests.echo()
        let client = HTTPClient()
        defer { client.shutdown() }
        for _ in 0..<20 { _ = try await client.send(HTTPRequest(.get, server.url), maxBody: 1 << 16) }
        #expect(server.connectionCount == 1)
    }

    @Test func connectionClosedWhileIdleIsReplaced() async throws {
        // Answers one request a connection and then closes it without saying so.
        let server = try ScriptedServer { request, connection in
            var body: [UInt8] = []
            try connection.readBody(request.requestFraming) { body += $0 }
            try connection.answer(200, body: body)
            return false
        }
        let client = HTTPClient()
        defer { client.shutdown() }
        for index in 0..<20 {
            let body = pattern(1_000, from: index)
            let response = try await client.send(HTTPRequest(.put, server.url, body: .bytes(body)), maxBody: 1 << 16)
            #expect(response.body == body)
        }
    }

    @Test func manyAtOnceKeepToTheLimit() async throws {
        let open = Counter()
        let most = Counter()
        let server = try ScriptedServer { request, connection in
            most.raise(to: open.add(1))
            defer { open.add(-1) }
            let count = Int(request.path.dropFirst()) ?? 0
            try connection.answer(200, body: pattern(count))
            return true
        }
        let client = HTTPClient(options: .init(maxConnectionsPerHost: 7))
        defer { client.shutdown() }
        try await withThrowingTaskGroup(of: Void.self) { group in
            for index in 0..<1000 {
                group.addTask {
                    let response = try await client.send(
                        HTTPRequest(.get, "\(server.url)/\(index * 13)"), maxBody: 1 << 20)
                    #expect(response.body == pattern(index * 13))
                }
            }
            try await group.waitForAll()
        }
        #expect(most.value <= 7)
        #expect(server.connectionCount <= 7)
    }

    /// The waiting ones get their turn when those before them are given up.
    @Test func cancelledTransfersMakeRoom() async throws {
        let server = try ScriptedServer { request, connection in
            if request.path == "/stuck" {
                connection.waitForPeerToClose()
                return false
            }
            try connection.answer(200)
            return true
        }
        let client = HTTPClient(options: .init(maxConnectionsPerHost: 2))
        defer { client.shutdown() }
        let stuck = (0..<20).map { _ in
            Task { try await client.send(HTTPRequest(.get, server.url + "/stuck"), maxBody: 1) }
        }
        let waiting = Task { try await client.send(HTTPRequest(.get, server.url + "/good"), maxBody: 1).status }
        stuck.forEach { $0.cancel() }
        #expect(try await waiting.value == 200)
        for task in stuck { await #expect(throws: CancellationError.self) { _ = try await task.value } }
    }

    @Test func shutdownEndsWhatIsInFlight() async throws {
        let asked = Sighting()
        let server = try ScriptedServer { _, connection in
            asked.seen()
            connection.waitForPeerToClose()
            return false
        }
        let client = HTTPClient(options: .init(maxConnectionsPerHost: 1))
        let request = HTTPRequest(.get, server.url, timeouts: Timeouts(responseHead: .seconds(3600)))
        let tasks = (0..<5).map { _ in Task { try await client.send(request, maxBody: 1) } }
        await asked.wait()
        client.shutdown()
        for task in tasks {
            let error = await #expect(throws: HTTPError.self) { _ = try await task.value }
            #expect(error?.code == .closed)
        }
        let error = await #expect(throws: HTTPError.self) {
            try await client.send(HTTPRequest(.get, server.url), maxBody: 1)
        }
        #expect(error?.code == .closed)
    }

    @Test func clientThatIsDroppedEndsItsThread() async throws {
        let closed = Sighting()
        let server = try ScriptedServer { _, connection in
            try connection.answer(200)
            connection.waitForPeerToClose()
            closed.seen()
            return false
        }
        do {
            let client = HTTPClient()
            _ = try await client.send(HTTPRequest(.get, server.url), maxBody: 1)
        }
        // The kept connection goes with the thread.
        await closed.wait()
    }
}

/// A number several threads change.
final class Counter: Sendable {
    private let count = Mutex(0)
    var value: Int { count.withLock { $0 } }

    @discardableResult func add(_ amount: Int) -> Int {
        count.withLock {
            $0 += amount
            return $0
        }
    }

    func raise(to other: Int) { count.withLock { $0 = max($0, other) } }
}
