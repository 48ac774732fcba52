import Foundation

extension FaultyProxy {
    /// Serves one client connection until either side ends it.
    func serve(_ client: Connection, onStorage: Bool) {
        // TCP's own handshake is a round trip.
        Thread.sleep(forTimeInterval: link.delay * 2 / .seconds(1))
        let line = DelayLine(link, to: client)
        defer { line.end() }
        var upstream: Connection?
        while let request = try? WireHead(from: client) {
            note(request, onStorage: onStorage)
            Thread.sleep(forTimeInterval: link.delay / .seconds(1))
            guard (try? answer(request, from: client, line, &upstream, onStorage: onStorage)) == true else { return }
        }
    }

    /// False: the connection is not to be used again.
    private func answer(
        _ request: WireHead, from client: Connection, _ line: DelayLine, _ upstream: inout Connection?, onStorage: Bool
    ) throws -> Bool {
        let fault = fault(for: request, onStorage: onStorage)
        let own = try ownAnswer(request, fault, onStorage: onStorage)
        switch fault {
        case .reset(nil):
            client.reset()
            return false
        case .stall(nil):
            client.waitForPeerToClose()
            return false
        case .delay(let duration): Thread.sleep(forTimeInterval: duration / .seconds(1))
        default: break
        }
        if request.value(of: "Expect")?.lowercased() == "100-continue" {
            try client.write("HTTP/1.1 100 Continue\r\n\r\n")
        }
        if let own {
            try client.readBody(request.requestFraming) { _ in }
            try line.write(own.head.bytes)
            if request.method != "HEAD" { try line.write(own.body) }
            return true
        }
        let server = try upstream ?? Connection(port: upstreamPort)
        upstream = server
        try send(request, fault, from: client, to: server, onStorage: onStorage)
        return try relay(request, fault, from: server, to: client, line)
    }

    /// The answer of the proxy's own, if the request does not get through.
    private func ownAnswer(
        _ request: WireHead, _ fault: Fault?, onStorage: Bool
    ) throws -> (head: WireHead, body: [UInt8])? {
        func make(_ status: Int, _ lines: [String: String], _ body: String) -> (WireHead, [UInt8]) {
            var head = WireHead(startLine: "HTTP/1.1 \(status) Status", lines: lines.map { ($0.key, $0.value) })
            head.set("Content-Length", String(body.utf8.count))
            return (head, Array(body.utf8))
        }
        switch fault {
        case .status(let status, let headers, let body): return make(status, headers, body)
        case .redirect(let target, let status):
            return make(status, ["Location": location(target, for: request, onStorage: onStorage)], "")
        default: break
        }
        guard onStorage, let refusal = storage.refusal(of: request) else { return nil }
        return make(refusal.status, ["Content-Type": "application/xml"], refusal.body)
    }

    private func location(_ target: RedirectTarget, for request: WireHead, onStorage: Bool) -> String {
        switch target {
        case .storage(let uses, let refusal):
            "http://\(storageHost)\(storage.sign(request.path, uses: uses, refusal))"
        case .sameOrigin: "\(request.path)?redirected=1"
        case .itself: "http://\(onStorage ? storageHost : host)\(request.target)"
        case .url(let url): url
        }
    }

    private func send(
        _ request: WireHead, _ fault: Fault?, from client: Connection, to server: Connection, onStorage: Bool
    ) throws {
        var head = request
        head.remove("Expect")
        if onStorage {
            head.target = request.path
            if let upstreamAuthorization { head.set("Authorization", upstreamAuthorization) }
        }
        if case .ignoreRange = fault { head.remove("Range") }
        if case .shorten(let count) = fault, let range = head.value(of: "Range"),
            let first = Int(range.dropFirst("bytes=".count).prefix { $0.isNumber })
        {
            head.set("Range", "bytes=\(first)-\(first + count - 1)")
        }
        try server.write(head.bytes)
        let framing = request.requestFraming
        try client.readBody(framing) { piece in
            if framing == .chunked { try server.write("\(String(piece.count, radix: 16))\r\n") }
            try server.write(piece)
            if framing == .chunked { try server.write("\r\n") }
        }
        if framing == .chunked { try server.write("0\r\n\r\n") }
    }

    private func relay(
        _ request: WireHead, _ fault: Fault?, from server: Connection, to client: Connection, _ line: DelayLine
    ) throws -> Bool {
        var answer: WireHead
        repeat {
            guard let head = try WireHead(from: server) else { throw Connection.Closed() }
            answer = head
        } while answer.isInterim
        let framing = answer.answerFraming(to: request.method)
        var harm = BodyHarm(fault)
        harm.apply(to: &answer, framing)
        try line.write(answer.bytes)
        try server.readBody(framing) { piece in
            if framing == .chunked { try line.write(Array("\(String(piece.count, radix: 16))\r\n".utf8)) }
            try harm.pass(piece, line, client)
            if framing == .chunked { try line.write(Array("\r\n".utf8)) }
        }
        if framing == .chunked { try line.write(Array("0\r\n\r\n".utf8)) }
        try harm.finish(line, client)
        return framing != .untilClose && !harm.endsConnection
            && answer.value(of: "Connection")?.lowercased() != "close"
    }
}
