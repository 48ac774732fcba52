internal import GRPCCore
internal import GRPCNIOTransportHTTP2Posix

/// Calls over one unix socket that wait if nobody listens.
///
/// A container runtime that restarts is away for seconds. A call that finds nobody waits for `patience` before it fails; one that was
/// begun when its connection broke fails at once, since nobody can tell how much of it was done.
struct PatientTransport: ClientTransport {
    typealias Bytes = HTTP2ClientTransport.Posix.Bytes

    private let connections: CallConnections
    private let endpoint: RPCEndpoint
    private let patience: Duration

    /// How often a call that waits tries again.
    private static let interval = Duration.milliseconds(50)

    /// - Parameter patience: how long a call waits for somebody to listen; zero: not at all.
    init(_ endpoint: RPCEndpoint, patience: Duration) {
        let path = endpoint.path
        connections = CallConnections {
            try HTTP2ClientTransport.Posix(
                target: .unixDomainSocket(path: path), transportSecurity: .plaintext, config: Self.configuration)
        }
        self.endpoint = endpoint
        self.patience = patience
    }

    var retryThrottle: RetryThrottle? { nil }

    func connect() async { await connections.run() }

    func beginGracefulShutdown() { connections.end() }

    func config(forMethod descriptor: MethodDescriptor) -> MethodConfig? { nil }

    /// - Throws: UNAVAILABLE with the last attempt's error as its cause if nobody listened in time; what `body` throws.
    func withStream<Answer: Sendable>(
        descriptor: MethodDescriptor, options: CallOptions,
        _ body: @concurrent (RPCStream<Inbound, Outbound>, ClientContext) async throws -> Answer
    ) async throws -> Answer {
        let deadline = ContinuousClock.now + patience
        // Runs at most once and is awaited here: only the compiler cannot see that it is not shared.
        nonisolated(unsafe) let body = body
        while true {
            var began = false
            let (connection, number) = try connections.connect()
            defer { connections.close(number) }
            do {
                return try await connection.withStream(descriptor: descriptor, options: options) { stream, context in
                    began = true
                    return try await unsafe body(stream, context)
                }
            } catch {
                guard !began, (error as? RPCError)?.code == .unavailable else { throw error }
                guard ContinuousClock.now < deadline else {
                    throw RPCError(code: .unavailable, message: "nobody answers at \(endpoint)", cause: error)
                }
            }
            try await Task.sleep(for: Self.interval)
        }
    }

    private static var configuration: HTTP2ClientTransport.Posix.Config {
        .defaults { config in
            config.http2.targetWindowSize = RPCLimits.windowBytes
            // As kubelet does; a path is no valid authority everywhere (measured.md 2, interop).
            config.http2.authority = "localhost"
            // The other side is on this machine: trying often costs nothing, and waiting long costs pods.
            config.backoff.initial = .milliseconds(50)
            config.backoff.max = .seconds(1)
        }
    }
}
