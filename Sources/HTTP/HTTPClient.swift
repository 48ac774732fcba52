/// Sends requests and streams the answers, all transfers on one thread of curl's.
///
/// The thread starts with the first request and ends with `shutdown()` or with the client. Connections are kept and used again.
/// Redirects, cookies, `.netrc` and compression of bodies are nobody's business here; proxies are taken from the environment.
package final class HTTPClient: Sendable {
    package struct Options: Sendable {
        /// Sent with every request. Default `imagelet`.
        package var userAgent: String
        /// Transfers to one host and port at a time; more wait their turn, first come first served. Default 32.
        package var maxConnectionsPerHost: Int
        /// Idle connections kept in all. Default 64.
        package var maxIdleConnections: Int

        package init(
            userAgent: String = "imagelet", maxConnectionsPerHost: Int = 32, maxIdleConnections: Int = 64
        ) {
            self.userAgent = userAgent
            self.maxConnectionsPerHost = maxConnectionsPerHost
            self.maxIdleConnections = maxIdleConnections
        }
    }

    package let options: Options
    private let loop: TransferLoop

    package init(options: Options = Options()) {
        self.options = options
        loop = TransferLoop(options: options)
    }

    deinit { loop.shutdown() }

    /// Ends every transfer with the error `closed`, closes the connections and ends the thread. Later requests fail likewise.
    package func shutdown() { loop.shutdown() }

    /// Sends `request`, hands over the head once and then the body in order, in pieces of up to 256 KiB, and returns when the body is
    /// complete.
    ///
    /// Up to 1 MiB of the body waits here while `onBody` works; then the sender is slowed down. An error thrown by either closure, and
    /// cancelling the task, take the transfer off the wire at once.
    /// - Throws: `HTTPError`, `CancellationError`, what the closures throw, or what the request's body stream throws.
    package func stream(
        _ request: HTTPRequest, onHead: (HTTPResponseHead) throws -> Void, onBody: ([UInt8]) async throws -> Void
    ) async throws -> HTTPResponseHead {
        let exchange = try Exchange(request)
        try Task.checkCancellation()
        loop.start(exchange)
        do {
            return try await withTaskCancellationHandler {
                guard case .stream(_, let next) = request.body else {
                    return try await exchange.consume(loop, onHead, onBody)
                }
                return try await withThrowingTaskGroup(of: Void.self) { group in
                    group.addTask { [loop] in await exchange.feed(loop, next) }
                    defer { group.cancelAll() }
                    return try await exchange.consume(loop, onHead, onBody)
                }
            } onCancel: {
                exchange.abandon(CancellationError())
                loop.cancel(exchange)
            }
        } catch {
            loop.cancel(exchange)
            throw error
        }
    }

    /// Sends `request` and returns the answer with its whole body.
    /// - Throws: as `stream`, and `bodyTooLarge` if the body has, or says it has, more than `maxBody` bytes.
    package func send(_ request: HTTPRequest, maxBody: Int) async throws -> HTTPResponse {
        func tooLarge() -> HTTPError {
            HTTPError(
                .bodyTooLarge,
                "\(request.method.rawValue) \(HTTPURL.redact(request.url)): the answer is longer than \(maxBody) bytes")
        }
        var body: [UInt8] = []
        let head = try await stream(request) { head in
            guard request.method != .head, let length = head.contentLength else { return }
            guard length <= maxBody else { throw tooLarge() }
            body.reserveCapacity(Int(length))
        } onBody: { piece in
            guard piece.count <= maxBody - body.count else { throw tooLarge() }
            body.append(contentsOf: piece)
        }
        return HTTPResponse(head: head, body: body)
    }
}
