extension HTTPRequest {
    /// Refuses what would not go over the wire as meant.
    func check() throws(HTTPError) {
        for header in headers {
            guard !header.name.isEmpty, header.name.utf8.allSatisfy(Self.isTokenByte) else {
                throw HTTPError(.invalidRequest, "a header's name is not a token (RFC 9110, 5.6.2)")
            }
            guard !header.value.utf8.contains(where: { $0 == 0 || $0 == 0x0A || $0 == 0x0D }) else {
                throw HTTPError(.invalidRequest, "the value of header \(header.name) has a line break or NUL in it")
            }
        }
        if let range, range.isEmpty || range.lowerBound < 0 {
            throw HTTPError(.invalidRequest, "the range \(range) asks for no bytes")
        }
        if case .stream(let size, _) = body, size < 0 {
            throw HTTPError(.invalidRequest, "a body cannot have \(size) bytes")
        }
        guard body == nil || method.mayHaveBody else {
            throw HTTPError(.invalidRequest, "\(method.rawValue) has no body")
        }
    }

    private static func isTokenByte(_ byte: UInt8) -> Bool {
        switch byte {
        case UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "A")...UInt8(ascii: "Z"),
            UInt8(ascii: "a")...UInt8(ascii: "z"):
            true
        default: "!#$%&'*+-.^_`|~".utf8.contains(byte)
        }
    }
}

extension HTTPRequest.Method {
    var mayHaveBody: Bool {
        switch self {
        case .post, .put, .patch: true
        case .get, .head, .delete: false
        }
    }
}

extension HTTPRequest {
    /// The header lines to send, those we add included.
    var lines: [HTTPHeader] {
        var lines = headers
        if !has("Accept-Encoding") { lines.append(HTTPHeader("Accept-Encoding", "identity")) }
        if let range { lines.append(HTTPHeader("Range", "bytes=\(range.lowerBound)-\(range.upperBound - 1)")) }
        return lines
    }

    private func has(_ name: String) -> Bool {
        headers.contains { HTTPHeaders.same($0.name, name) }
    }
}
