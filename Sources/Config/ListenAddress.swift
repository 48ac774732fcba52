/// Where a server listens: `host:port`, `[address]:port`, or `unix:/path`.
package enum ListenAddress: Sendable, Hashable, CustomStringConvertible {
    /// A name or an address without brackets; port 0 is any that is free.
    case network(host: String, port: UInt16)
    case socket(path: String)

    /// Nil for anything else.
    package init?(_ text: String) {
        if text.hasPrefix("unix:") {
            guard let path = Form.socketPath.read(String(text.dropFirst("unix:".count)), true) else { return nil }
            self = .socket(path: path)
            return
        }
        guard let colon = text.lastIndex(of: ":"), let port = UInt16(text[text.index(after: colon)...]) else {
            return nil
        }
        var host = text[..<colon]
        let isBracketed = host.hasPrefix("[") && host.hasSuffix("]")
        if isBracketed { host = host.dropFirst().dropLast() }
        guard (1...255).contains(host.utf8.count), isBracketed == host.contains(":"), !host.contains("["),
            host.utf8.allSatisfy({ $0 > 0x20 && $0 < 0x7F })
        else { return nil }
        self = .network(host: String(host), port: port)
    }

    package var description: String {
        switch self {
        case .network(let host, let port): host.contains(":") ? "[\(host)]:\(port)" : "\(host):\(port)"
        case .socket(let path): "unix:\(path)"
        }
    }
}

extension Form<ListenAddress> {
    static var listenAddress: Form {
        Form(
            allowed: "host:port, [IPv6 address]:port or unix:/path", read: { text, _ in ListenAddress(text) },
            write: { $0.description })
    }
}
