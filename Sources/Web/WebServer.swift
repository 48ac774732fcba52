internal import Hummingbird
internal import HummingbirdCore
internal import Logging
internal import NIOCore

/// Serves pages over HTTP/1.1 to whoever may reach its address: short ones, to be read only.
///
/// A connection serves one answer and lives for ``Limits/connectionLife`` at most, whatever its client does; no body of a request is kept.
package struct WebServer: Sendable {
    package struct Limits: Sendable {
        /// Connections at a time; more wait in the kernel's queue. Default: 64.
        package var maxConnections = 64
        /// How long one connection may take from its opening to the end of its answer. Default: 30 s.
        package var connectionLife = Duration.seconds(30)
        /// All header fields of a request, in bytes. Default: 16 KiB.
        package var maxHeaderBytes = 16 << 10

        package init() {}
    }

    private let address: WebAddress
    private let pages: WebPages
    private let limits: Limits

    package init(at address: WebAddress, pages: WebPages, limits: Limits = Limits()) {
        self.address = address
        self.pages = pages
        self.limits = limits
    }

    /// Serves until the task is cancelled.
    /// - Parameter listening: called when requests are taken, with the address that was found free.
    /// - Throws: if the address cannot be listened on.
    package func run(listening: @escaping @Sendable (WebAddress) -> Void = { _ in }) async throws {
        let life = TimeAmount(limits.connectionLife)
        let pages = pages
        // Hummingbird tells of each start and end, of cancelled connections as of errors; what fails it throws.
        let quiet = Logger(label: "hummingbird") { _ in SwiftLogNoOpLogHandler() }
        let application = Application(
            responder: CallbackResponder<BasicRequestContext> { request, _ in
                Response(await pages.answer(request.method.rawValue, request.uri.path))
            },
            server: .http1(
                configuration: .init(
                    additionalChannelHandlers: [ConnectionLife(life)],
                    httpDecoderConfiguration: .init(
                        maxHeaderFieldSize: limits.maxHeaderBytes, maxHeaderListSize: limits.maxHeaderBytes,
                        maxHeaderFieldCount: 100))),
            configuration: .init(
                address: address.binding,
                availableConnectionsDelegate: .maximum(limits.maxConnections, logger: quiet)),
            onServerRunning: { [address] channel in listening(address.found(channel.localAddress?.port)) },
            logger: quiet)
        do { try await application.run() } catch is CancellationError {}
    }
}

extension WebAddress {
    fileprivate var binding: BindAddress {
        switch self {
        case .network(let host, let port): .hostname(host, port: port)
        case .socket(let path): .unixDomainSocket(path: path)
        }
    }

    fileprivate func found(_ port: Int?) -> WebAddress {
        guard case .network(let host, _) = self, let port else { return self }
        return .network(host: host, port: port)
    }
}

extension Response {
    fileprivate init(_ page: WebPage) {
        // Well-behaved clients open another connection then; others are cut off at the end of this one's life.
        var headers: HTTPFields = [.contentType: page.contentType, .connection: "close", .cacheControl: "no-store"]
        if page.status == 405 { headers[.allow] = "GET, HEAD" }
        self.init(
            status: .init(code: page.status), headers: headers,
            body: .init(byteBuffer: ByteBuffer(string: page.body)))
    }
}

/// Ends a connection when its time is over, also while its first request is still being written.
private final class ConnectionLife: ChannelInboundHandler, RemovableChannelHandler {
    typealias InboundIn = Any

    private let life: TimeAmount
    private var end: Scheduled<Void>?

    init(_ life: TimeAmount) { self.life = life }

    func handlerAdded(context: ChannelHandlerContext) {
        let channel = context.channel
        end = context.eventLoop.scheduleTask(in: life) { channel.close(promise: nil) }
    }

    func channelInactive(context: ChannelHandlerContext) {
        end?.cancel()
        context.fireChannelInactive()
    }
}
