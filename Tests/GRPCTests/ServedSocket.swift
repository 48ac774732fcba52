import GRPC
import Glibc
import Linux

/// Serves `services` on a socket of its own while `body` runs.
func withServer<Result: Sendable>(
    _ services: [RPCService], _ body: (RPCEndpoint, RPCServer) async throws -> Result
) async throws -> Result {
    let path = "/tmp/imagelet-grpc-\(getpid())-\(UInt64.random(in: 0 ... .max)).sock"
    defer { unlink(path) }
    let server = RPCServer(listener: try UnixListener(path), services: services)
    return try await withThrowingTaskGroup(of: Void.self) { group in
        group.addTask { try await server.run() }
        let result = try await body(try RPCEndpoint(path), server)
        group.cancelAll()
        try await group.waitForAll()
        return result
    }
}

/// A one-time signal between a test and the service it calls.
struct Signal: Sendable {
    private let stream: AsyncStream<Void>
    private let continuation: AsyncStream<Void>.Continuation

    init() { (stream, continuation) = AsyncStream.makeStream() }

    func send() { continuation.finish() }

    func wait() async { for await _ in stream {} }
}
