internal import GRPCCore
internal import GRPCNIOTransportHTTP2Posix

/// A connection to one unix socket that is made again whenever it breaks, and waited for when nobody listens.
///
/// A container runtime that restarts is away for seconds. A call that finds nobody waits for `patience` before it fails; one that was
/// begun when the connection broke fails at once, since nobody can tell how much of it was done.
struct PatientTransport: ClientTransport {
    typealias Bytes = HTTP2ClientTransport.Posix.Bytes

    private let base: HTTP2ClientTransport.Posix
    private let endpoint: RPCEndpoint
    private let patience: Duration

    /// How often a call that waits tries again.
    private static let interval = Duration.milliseconds(50)

    /// - Parameter patience: how long a call waits for somebody to listen; zero: not at all.
    init(_ endpoint: RPCEndpoint, patience: Duration) throws {
        base = try HTTP2ClientTransport.Posix(
            target: .unixDomainSocket(path: endpoint.path), transportSecurity: .plaintext, config: Self.configuration)
        self.endpoint = endpoint
        self.patience = patience
    }

    var retryThrottle: RetryThrottle? { base.retryThrottle }

    func connect() async throws { try await base.connect() }

    func beginGracefulShutdown() { base.beginGracefulShutdown() }

    func config(forMethod descriptor: MethodDescriptor) -> MethodConfig? { base.config(forMethod: descriptor) }

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
            do {
                return try await base.withStream(descriptor: descriptor, options: options) { stream, context in
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
            config.channelDebuggingCallbacks.onCreateTCPConnection = { PingResponder.install(on: $0, isServer: false) }
        }
    }
}
