internal import GRPCCore
internal import GRPCNIOTransportHTTP2Posix

/// A listening socket whose calls are split in two: methods that are served here, and all others, which are passed on.
struct ForwardingTransport: ServerTransport {
    typealias Bytes = HTTP2ServerTransport.Posix.Bytes

    private let base: HTTP2ServerTransport.Posix
    /// The methods that are not passed on, by their full names: a descriptor knows more than a path, and equals no other one then.
    private let served: Set<String>
    /// Nil: nothing is passed on, so that unknown methods are answered UNIMPLEMENTED.
    private let forwarder: RPCForwarder?

    init(base: HTTP2ServerTransport.Posix, serving methods: [MethodDescriptor], forwarder: RPCForwarder?) {
        self.base = base
        served = Set(methods.map(\.fullyQualifiedMethod))
        self.forwarder = forwarder
    }

    func listen(
        streamHandler: @escaping @concurrent @Sendable (RPCStream<Inbound, Outbound>, ServerContext) async -> Void
    ) async throws {
        try await base.listen { stream, context in
            if let forwarder, !served.contains(stream.descriptor.fullyQualifiedMethod) {
                await forwarder.forward(stream, context)
            } else {
                await streamHandler(stream, context)
            }
        }
    }

    func beginGracefulShutdown() { base.beginGracefulShutdown() }
}
