internal import GRPC
internal import ServiceLifecycle

/// A part of the daemon as the group runs it. Parts without an orderly stop are cancelled.
struct Part: Service {
    private let body: @Sendable () async throws -> Void
    private let stop: (@Sendable () -> Void)?

    init(_ body: @escaping @Sendable () async throws -> Void, stop: (@Sendable () -> Void)? = nil) {
        self.body = body
        self.stop = stop
    }

    /// A server, which stops by answering the calls it has.
    init(_ server: RPCServer) {
        self.init {
            try await server.run()
        } stop: {
            server.beginGracefulShutdown()
        }
    }

    func run() async throws {
        if let stop {
            try await withGracefulShutdownHandler {
                try await body()
            } onGracefulShutdown: {
                stop()
            }
        } else {
            try await cancelWhenGracefulShutdown {
                do { try await body() } catch is CancellationError {}
            }
        }
    }
}
