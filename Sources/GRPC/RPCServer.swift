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
    package init(
        listener: consuming UnixListener, services: [RPCService], passingOnTo client: RPCClient? = nil
    ) {
        var router = RPCRouter<ForwardingTransport>()
        for service in services { service.binding.registerMethods(with: &router) }
        let transport = HTTP2ServerTransport.Posix(
            listeningSocketDescriptor: Int(listener.takeDescriptor()), transportSecurity: .plaintext,
            config: Self.configuration)
        server = GRPCServer(
            transport: ForwardingTransport(
                base: transport, serving: router.methods,
                forwarder: client.map { RPCForwarder(transport: $0.transport) }),
            router: router)
    }

    /// Serves until ``beginGracefulShutdown()`` has drained every call, or the task is cancelled, which cancels them.
    /// Once per server.
    /// - Throws: ``RPCFailure`` (`internalError`) if the socket cannot be served.
    package func run() async throws {
        do {
            try await server.serve()
        } catch {
            // A socket that is closed while it accepts makes the transport fail, now and then; that is the end we asked for.
            if Task.isCancelled || isEnding.load(ordering: .acquiring) { return }
            throw RPCFailure(error)
        }
    }

    /// Takes no more calls and lets those in progress end, for at most ``graceTime``; ``run()`` then returns.
    package func beginGracefulShutdown() {
        isEnding.store(true, ordering: .releasing)
        server.beginGracefulShutdown()
    }

    /// How long a graceful shutdown waits for calls in progress: a long pull is cancelled then.
    package static let graceTime = Duration.seconds(5)

    private static var configuration: HTTP2ServerTransport.Posix.Config {
        .defaults { config in
            config.rpc.maxRequestPayloadSize = RPCLimits.maximumMessageBytes
            config.http2.targetWindowSize = RPCLimits.windowBytes
            config.connection.maxGraceTime = graceTime
            // Before NIO and gRPC count pings: both would end the connection for too many.
            config.channelDebuggingCallbacks.onAcceptTCPConnection = { PingResponder.install(on: $0, isServer: true) }
        }
    }
}
