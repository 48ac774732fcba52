import Synchronization
import TestSupport

/// A server whose answers a test writes itself, for what no real registry can be made to say.
final class ScriptedRegistry: Sendable {
    struct Request: Sendable {
        var method: String
        var path: String
        var query: String
        var authorization: String?
        var head: WireHead
        var body: [UInt8]
    }

    struct Reply: Sendable {
        var status: Int
        var headers: [(name: String, value: String)]
        var body: [UInt8]

        init(_ status: Int, _ headers: [(name: String, value: String)] = [], _ body: String = "") {
            self.status = status
            self.headers = headers
            self.body = Array(body.utf8)
        }
    }

    private let log = Mutex<[Request]>([])
    private let server = Mutex<LoopbackServer?>(nil)
    private let reply: @Sendable (Request, Int) -> Reply

    /// - Parameter reply: gets a request and how many came before it.
    init(_ reply: @escaping @Sendable (Request, Int) -> Reply) throws {
        self.reply = reply
        let server = try LoopbackServer { [weak self] in self?.serve($0) }
        self.server.withLock { $0 = server }
    }

    deinit { stop() }

    var host: String { server.withLock { $0?.host ?? "" } }
    var requests: [Request] { log.withLock { $0 } }

    func stop() { server.withLock { $0 }?.stop() }

    private func serve(_ connection: Connection) {
        while let head = try? WireHead(from: connection) {
            var body: [UInt8] = []
            guard (try? connection.readBody(head.requestFraming) { body += $0 }) != nil else { return }
            let request = Request(
                method: head.method, path: head.path, query: String(head.target.drop { $0 != "?" }.dropFirst()),
                authorization: head.value(of: "Authorization"), head: head, body: body)
            let count = log.withLock { log in
                log.append(request)
                return log.count - 1
            }
            let answer = reply(request, count)
            let isBodyless = request.method == "HEAD"
            guard (try? connection.answer(answer.status, answer.headers, body: isBodyless ? [] : answer.body)) != nil
            else { return }
        }
    }
}
