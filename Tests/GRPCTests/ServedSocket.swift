import GRPC
import Glibc
import Linux

/// Serves `services` while `body` runs, on a socket of its own if no path is given.
/// - Parameters:
///   - cancels: ends the server hard, calls and all; else it drains.
///   - graceTime: a busy machine may take longer for a call than a kubelet would wait for us.
func withServer<Result: Sendable>(
    _ services: [RPCService], at given: String? = nil, passingOnTo client: RPCClient? = nil, cancels: Bool = false,
    graceTime: Duration = .seconds(20), _ body: (RPCEndpoint, RPCServer) async throws -> Result
) async throws -> Result {
    let path = given ?? "/tmp/imagelet-grpc-\(getpid())-\(UInt64.random(in: 0 ... .max)).sock"
    defer { unlink(path) }
    let server = RPCServer(
        listener: try UnixListener(path), services: services, passingOnTo: client, graceTime: graceTime)
    return try await withThrowingTaskGroup(of: Void.self) { group in
        group.addTask { try await server.run() }
        do {
            let result = try await body(try RPCEndpoint(path), server)
            cancels ? group.cancelAll() : server.beginGracefulShutdown()
            try await group.waitForAll()
            return result
        } catch {
            server.beginGracefulShutdown()
            throw error
        }
    }
}

/// A directory for sockets, gone after `body`.
func withSocketDirectory<Result>(_ body: (String) async throws -> Result) async throws -> Result {
    let directory = "/tmp/imagelet-grpc-\(getpid())-\(UInt64.random(in: 0 ... .max))"
    try Directory.create(directory)
    defer { _ = try? Directory.removeTree(directory) }
    return try await body(directory)
}

/// A one-time signal between a test and the service it calls.
struct Signal: Sendable {
    private let stream: AsyncStream<Void>
    private let continuation: AsyncStream<Void>.Continuation

    init() { (stream, continuation) = AsyncStream.makeStream() }

    func send() { continuation.finish() }

    func wait() async { for await _ in stream {} }
}
