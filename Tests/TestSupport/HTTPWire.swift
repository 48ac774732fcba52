import Foundation

/// The head of a request or an answer as it stands on the wire, lines in order.
package struct WireHead: Sendable {
    package var startLine: String
    package var lines: [(name: String, value: String)]

    package init(startLine: String, lines: [(name: String, value: String)]) {
        self.startLine = startLine
        self.lines = lines
    }

    /// Reads up to the empty line; nil if the connection ends before.
    package init?(from connection: Connection) throws {
        guard let bytes = try connection.read(through: "\r\n\r\n") else { return nil }
        var rows = String(decoding: bytes, as: UTF8.self).components(separatedBy: "\r\n").filter { !$0.isEmpty }
        guard !rows.isEmpty else { return nil }
        startLine = rows.removeFirst()
        lines = rows.map { row in
            guard let colon = row.firstIndex(of: ":") else { return (row, "") }
            let value = row[row.index(after: colon)...].trimmingCharacters(in: .whitespaces)
            return (String(row[..<colon]), value)
        }
    }

    package func value(of name: String) -> String? {
        lines.first { $0.name.lowercased() == name.lowercased() }?.value
    }

    package mutating func remove(_ name: String) {
        lines.removeAll { $0.name.lowercased() == name.lowercased() }
    }

    package mutating func set(_ name: String, _ value: String) {
        remove(name)
        lines.append((name, value))
    }

    package var bytes: [UInt8] {
        Array(([startLine] + lines.map { "\($0.name): \($0.value)" } + ["", ""]).joined(separator: "\r\n").utf8)
    }

    private func word(_ index: Int) -> String {
        let words = startLine.split(separator: " ")
        return index < words.count ? String(words[index]) : ""
    }

    // Of requests
    package var method: String { word(0) }
    /// Path and query.
    package var target: String {
        get { word(1) }
        set { startLine = "\(method) \(newValue) HTTP/1.1" }
    }
    package var path: String { String(target.prefix { $0 != "?" }) }

    // Of answers
    package var status: Int { Int(word(1)) ?? 0 }
    package var isInterim: Bool { (100..<200).contains(status) }

    /// How the body's end is found.
    package enum Framing: Equatable {
        case none
        case length(Int)
        case chunked
        case untilClose
    }

    /// Framing of this request's body.
    package var requestFraming: Framing {
        if value(of: "Transfer-Encoding")?.lowercased() == "chunked" { return .chunked }
        return value(of: "Content-Length").flatMap { Int($0) }.map { .length($0) } ?? .none
    }

    /// Framing of this answer's body to a request with `method`.
    package func answerFraming(to method: String) -> Framing {
        if method == "HEAD" || status == 204 || status == 304 || isInterim { return .none }
        let framing = requestFraming
        return framing == .none ? .untilClose : framing
    }
}

extension Connection {
    /// Reads a body and hands it on in pieces; of chunked bodies without their chunk lines.
    package func readBody(_ framing: WireHead.Framing, _ take: ([UInt8]) throws -> Void) throws {
        switch framing {
        case .none: return
        case .length(let length): try read(exactly: length, take)
        case .untilClose:
            while case let piece = try read(), !piece.isEmpty { try take(piece) }
        case .chunked:
            while let line = try read(through: "\r\n") {
                let digits = String(decoding: line, as: UTF8.self).prefix { $0.isHexDigit }
                guard let count = Int(digits, radix: 16) else { throw Closed() }
                try read(exactly: count, take)
                _ = try read(through: "\r\n")
                if count == 0 { return }
            }
            throw Closed()
        }
    }

    private func read(exactly count: Int, _ take: ([UInt8]) throws -> Void) throws {
        var left = count
        while left > 0 {
            let piece = try read(min(left, 256 << 10))
            guard !piece.isEmpty else { throw Closed() }
            left -= piece.count
            try take(piece)
        }
    }

    /// Sends a whole answer with its length.
    package func answer(_ status: Int, _ lines: [(name: String, value: String)] = [], body: [UInt8] = []) throws {
        var head = WireHead(startLine: "HTTP/1.1 \(status) Status", lines: lines)
        if head.value(of: "Content-Length") == nil { head.set("Content-Length", String(body.count)) }
        try write(head.bytes + body)
    }
}
