internal import GRPCCore
internal import GRPCNIOTransportHTTP2Posix
package import Linux
internal import Synchronization

/// Serves gRPC on one listening unix socket.
///
/// Cleartext HTTP/2; who may connect is decided by the mode of the socket file. Methods nobody registered are passed on, or
/// answer UNIMPLEMENTED, on which kubelet falls back to older ones.
package final class RPCServer: Sendable {
    private let server: GRPCServer<ForwardingTransport>
    private let isEnding = Atomic(false)

    /// - Parameters:
    ///   - listener: its socket is closed when ``run()`` ends; its name in the file system stays.
    ///   - services: each at most once.
    ///   - client: where all other methods are passed on to, byte for byte; its ``RPCClient/run()`` is its owner's business.
    ///   - graceTime: how long a graceful shutdown waits for calls in progress: a long pull is cancelled then.
    package init(
        listener: consuming UnixListener, services: [RPCService], passingOnTo client: RPCClient? = nil,
        graceTime: Duration = .seconds(5)
    ) {
        var router = RPCRouter<ForwardingTransport>()
        for service in services { service.binding.registerMethods(with: &router) }
        let transport = HTTP2ServerTransport.Posix(
            listeningSocketDescriptor: Int(listener.takeDescriptor()), transportSecurity: .plaintext,
            config: Self.configuration(graceTime))
        server = GRPCServer(
            transport: ForwardingTransport(
                base: transport, serving: router.methods,
                forwarder: client.map { RPCForwarder(transport: $0.transport) }),
            router: router)
    }

    /// Serves until ``beginGracefulShutdown()`` has drained every call, or the task is cancelled, which cancels them.
    /// Once per server.
    /// - Throws: ``RPCFailure`` (`internalError`) if the socket cannot be served, or not any more.
    package func run() async throws {
        do {
            try await server.serve()
        } catch {
            if isAskedToEnd { return }
            throw RPCFailure(error)
        }
        if !isAskedToEnd { throw RPCFailure(.internalError, "the listening socket failed") }
    }

    private var isAskedToEnd: Bool { Task.isCancelled || isEnding.load(ordering: .acquiring) }

    /// Takes no more calls and lets those in progress end, for the grace time at most; ``run()`` then returns.
    package func beginGracefulShutdown() {
        isEnding.store(true, ordering: .releasing)
        server.beginGracefulShutdown()
    }

    private static func configuration(_ graceTime: Duration) -> HTTP2ServerTransport.Posix.Config {
        .defaults { config in
            config.rpc.maxRequestPayloadSize = RPCLimits.maximumMessageBytes
            config.http2.targetWindowSize = RPCLimits.windowBytes
            config.connection.maxGraceTime = graceTime
            config.channelDebuggingCallbacks.onBindTCPListener = { AcceptErrors.install(on: $0) }
            config.channelDebuggingCallbacks.onAcceptHTTP2Stream = { CallShelter.install(on: $0) }
            // Before NIO and gRPC count pings: both would end the connection for too many.
            config.channelDebuggingCallbacks.onAcceptTCPConnection = { PingResponder.install(on: $0, isServer: true) }
        }
    }
}
