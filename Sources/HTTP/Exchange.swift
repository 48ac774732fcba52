internal import Synchronization

/// One request and its answer, shared by the task that asked and the curl thread.
final class Exchange: Sendable {
    let request: HTTPRequest
    let url: HTTPURL
    private let inbox = Mutex(Inbox())
    private let outbox: Mutex<Outbox>
    private let reader = Signal()
    private let writer = Signal()

    /// - Throws: `invalidURL`, `invalidRequest`.
    init(_ request: HTTPRequest) throws(HTTPError) {
        url = try HTTPURL(request.url)
        try request.check()
        self.request = request
        outbox = Mutex(Outbox(request.body))
    }

    /// What messages begin with.
    var label: String { "\(request.method.rawValue) \(url.redacted)" }

    // MARK: The task's side

    /// Hands the answer to the closures until it ends.
    func consume(
        _ loop: TransferLoop, _ onHead: (HTTPResponseHead) throws -> Void, _ onBody: ([UInt8]) async throws -> Void
    ) async throws -> HTTPResponseHead {
        var head: HTTPResponseHead?
        do {
            while true {
                switch try await next(loop) {
                case .head(let arrived):
                    head = arrived
                    try onHead(arrived)
                case .body(let piece): try await onBody(piece)
                case .end:
                    guard let head else { throw HTTPError(.protocolError, "\(label): the answer has no head") }
                    return head
                }
            }
        } catch {
            abandon(error)
            throw error
        }
    }

    private func next(_ loop: TransferLoop) async throws -> Inbox.Event {
        while true {
            switch inbox.withLock({ $0.take() }) {
            case .event(let event, let resumeTransfer):
                if resumeTransfer { loop.resume(self) }
                return event
            case .failure(let error): throw error
            case .nothing: await reader.wait()
            }
        }
    }

    /// Gives the pieces of a body stream to the transfer as it takes them.
    func feed(_ loop: TransferLoop, _ next: @Sendable () async throws -> [UInt8]?) async {
        do {
            let size = bodySize
            var given: Int64 = 0
            while let piece = try await next() {
                given += Int64(piece.count)
                guard given <= size else { throw wrongSize("more than") }
                while !outbox.withLock({ $0.hasRoom }) {
                    await writer.wait()
                    try Task.checkCancellation()
                    if inbox.withLock({ $0.isOver }) { return }
                }
                if outbox.withLock({ $0.put(piece) }) { loop.resume(self) }
            }
            guard given == size else { throw wrongSize("\(given) of") }
        } catch {
            abandon(error)
            loop.cancel(self)
        }
    }

    private func wrongSize(_ amount: String) -> HTTPError {
        HTTPError(.invalidRequest, "\(label): the body's stream gave \(amount) the bytes announced")
    }

    /// Ends the wait of the task with `error` and drops what waits.
    func abandon(_ error: any Error) {
        inbox.withLock { $0.abandon(error) }
        reader.signal()
        writer.signal()
    }

    // MARK: The curl thread's side

    func arrived(_ head: HTTPResponseHead) {
        inbox.withLock { $0.put(head: head) }
    }

    /// False: hold the transfer.
    func arrived(_ bytes: borrowing Span<UInt8>) -> Bool {
        inbox.withLock { inbox in inbox.put(bytes) }
    }

    /// Wakes the task, once for all that arrived in a round.
    func publish() {
        reader.signal()
    }

    func finish(_ result: Result<Void, any Error>) {
        inbox.withLock { $0.finish(result) }
        reader.signal()
        writer.signal()
    }

    func readBody(into buffer: inout MutableSpan<UInt8>) -> Outbox.Read {
        let read = outbox.withLock { outbox in outbox.read(into: &buffer) }
        writer.signal()
        return read
    }

    func rewindBody(to position: Int64) -> Bool {
        outbox.withLock { $0.seek(to: position) }
    }

    /// Whether our own side is what the transfer waits for.
    var isHeld: Bool { inbox.withLock { $0.isHeld } || outbox.withLock { $0.isHeld } }
    var bodySize: Int64 { outbox.withLock { $0.size } }
    var sent: (bytes: Int64, whole: Bool) { outbox.withLock { ($0.taken, $0.isSent) } }
}
