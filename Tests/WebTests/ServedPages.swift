import Linux
import Telemetry
import TestSupport
import Web

let samplePages = WebPages(
    metrics: { "# nothing yet\n" }, live: { HealthReport(parts: [.init(name: "store")]) },
    ready: { HealthReport(parts: [.init(name: "store"), .init(name: "runtime", trouble: "away")]) })

/// Runs `body` beside the server, once that listens; the server ends with it.
func serving(_ server: WebServer, _ body: (WebAddress) async throws -> Void) async throws {
    let (addresses, found) = AsyncStream.makeStream(of: WebAddress.self)
    try await withThrowingTaskGroup(of: Void.self) { group in
        group.addTask {
            defer { found.finish() }
            try await server.run { found.yield($0) }
        }
        for await address in addresses {
            try await body(address)
            break
        }
        group.cancelAll()
        try await group.waitForAll()
    }
}

func withServer(_ limits: WebServer.Limits = .init(), _ body: (UInt16) async throws -> Void) async throws {
    let server = WebServer(
        at: .network(host: "127.0.0.1", port: 0), pages: samplePages, limits: limits)
    try await serving(server) { address in
        guard case .network(_, let port) = address else { throw Tool.Failure(description: "no port: \(address)") }
        try await body(UInt16(port))
    }
}

/// Sends `request` as it is and returns all that comes until the connection ends.
func ask(_ port: UInt16, _ request: String) async throws -> String {
    let connection = try Connection(port: port)
    // The server needs the threads of the tests.
    return try await BlockingThread.run("client") {
        var answer: [UInt8] = []
        // A server that refuses may close before all was written.
        try? connection.write(request)
        while let piece = try? connection.read(), !piece.isEmpty { answer += piece }
        return String(decoding: answer, as: UTF8.self)
    }
}
