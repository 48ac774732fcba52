/// Makes a head of the header lines curl gives out one by one. Total: any lines give a head or an error.
struct HeadParser {
    /// Bytes of header lines one answer may have, interim answers and trailers included.
    static let limit = 64 << 10

    private(set) var isDone = false
    private var byteCount = 0
    private var status: Int?
    private var lines: [HTTPHeader] = []

    /// Takes a line with its line end. Returns the head when the line was the empty one that ends it.
    /// - Throws: `protocolError`.
    mutating func add(_ line: [UInt8], url: String) throws(HTTPError) -> HTTPResponseHead? {
        byteCount += line.count
        guard byteCount <= Self.limit else {
            throw HTTPError(.protocolError, "the answer's header lines are longer than \(Self.limit / 1024) KiB")
        }
        if isDone { return nil }  // trailers
        let text = line[..<Self.contentEnd(line)]
        if text.starts(with: "HTTP/".utf8) {
            status = Self.status(text)
            lines = []
            return nil
        }
        guard text.isEmpty else {
            add(text)
            return nil
        }
        guard let status else { throw HTTPError(.protocolError, "the answer has no status") }
        // Interim answers: the real one follows (RFC 9110, 15.2).
        guard status >= 200 else { return nil }
        isDone = true
        return HTTPResponseHead(status: status, headers: HTTPHeaders(lines), url: url)
    }

    private mutating func add(_ text: ArraySlice<UInt8>) {
        if let first = text.first, Self.isBlank(first) {
            // A line folded the old way goes on with the value before (RFC 9112, 5.2).
            guard var last = lines.popLast() else { return }
            last.value += " " + Self.string(Self.trim(text))
            lines.append(last)
            return
        }
        guard let colon = text.firstIndex(of: UInt8(ascii: ":")) else { return }
        lines.append(
            HTTPHeader(Self.string(Self.trim(text[..<colon])), Self.string(Self.trim(text[(colon + 1)...]))))
    }

    /// The three digits after "HTTP/x.y ".
    private static func status(_ text: ArraySlice<UInt8>) -> Int? {
        guard let blank = text.firstIndex(of: UInt8(ascii: " ")) else { return nil }
        let digits = text[(blank + 1)...].prefix { !isBlank($0) }
        guard digits.count == 3, digits.allSatisfy({ $0 >= 0x30 && $0 <= 0x39 }) else { return nil }
        return digits.reduce(0) { $0 * 10 + Int($1 - 0x30) }
    }

    private static func contentEnd(_ line: [UInt8]) -> Int {
        var end = line.count
        while end > 0, line[end - 1] == 0x0A || line[end - 1] == 0x0D { end -= 1 }
        return end
    }

    private static func trim(_ text: ArraySlice<UInt8>) -> ArraySlice<UInt8> {
        var text = text.drop(while: isBlank)
        while let last = text.last, isBlank(last) { text.removeLast() }
        return text
    }

    private static func isBlank(_ byte: UInt8) -> Bool { byte == 0x20 || byte == 0x09 }
    private static func string(_ bytes: ArraySlice<UInt8>) -> String { String(decoding: bytes, as: UTF8.self) }
}
