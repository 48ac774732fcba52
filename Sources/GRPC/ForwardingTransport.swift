internal import GRPCCore
internal import GRPCNIOTransportHTTP2Posix

/// A listening socket whose calls are split in two: methods that are served here, and all others, which are passed on.
struct ForwardingTransport: ServerTransport {
    typealias Bytes = HTTP2ServerTransport.Posix.Bytes

    let base: HTTP2ServerTransport.Posix
    /// The methods that are not passed on.
    let served: Set<MethodDescriptor>
    /// Nil: nothing is passed on, so that unknown methods are answered UNIMPLEMENTED.
    let forwarder: RPCForwarder?

    func listen(
        streamHandler: @escaping @concurrent @Sendable (RPCStream<Inbound, Outbound>, ServerContext) async -> Void
    ) async throws {
        try await base.listen { stream, context in
            if let forwarder, !served.contains(stream.descriptor) {
                await forwarder.forward(stream, context)
            } else {
                await streamHandler(stream, context)
            }
        }
    }

    func beginGracefulShutdown() { base.beginGracefulShutdown() }
}
