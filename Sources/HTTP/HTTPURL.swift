internal import CCurl

/// A parsed absolute URL, as curl reads it, so that what is checked here is what is connected to later.
package struct HTTPURL: Sendable, Hashable, CustomStringConvertible {
    /// Who is talked to: credentials never leave it.
    package struct Origin: Sendable, Hashable, CustomStringConvertible {
        /// `http` or `https`.
        package let scheme: String
        /// In lower case; an IPv6 address stands in brackets.
        package let host: String
        /// Never absent: 80 or 443 where the URL names none.
        package let port: Int

        package var description: String { "\(scheme)://\(host):\(port)" }
    }

    /// The whole URL, without fragment.
    package let text: String
    package let origin: Origin
    /// Starts with `/`, percent-encoding kept.
    package let path: String
    /// Without the question mark; may be a secret.
    package let query: String?

    /// - Throws: `invalidURL` unless `text` is an absolute http or https URL without user and password.
    package init(_ text: String) throws(HTTPError) {
        try self.init(ParsedURL(text, base: nil))
    }

    /// The URL that `reference`, absolute or relative, means on this page (RFC 3986, 5); for `Location` and `Link`.
    package func resolving(_ reference: String) throws(HTTPError) -> HTTPURL {
        try HTTPURL(ParsedURL(reference, base: text))
    }

    /// Without query, for messages and logs.
    package var redacted: String {
        guard let mark = text.firstIndex(of: "?") else { return text }
        return String(text[..<mark])
    }

    package var description: String { redacted }

    /// `text` without query, fragment and user, whether it is a URL or not.
    static func redact(_ text: String) -> String {
        var rest = text.prefix { $0 != "?" && $0 != "#" && !$0.isNewline }
        var scheme = ""
        if let mark = rest.firstRange(of: "://") {
            scheme = String(rest[..<mark.upperBound])
            rest = rest[mark.upperBound...]
        }
        let authorityEnd = rest.firstIndex { $0 == "/" || $0 == "\\" } ?? rest.endIndex
        if let at = rest[..<authorityEnd].lastIndex(of: "@") { rest = rest[rest.index(after: at)...] }
        return scheme + rest
    }

    private init(_ parsed: borrowing ParsedURL) throws(HTTPError) {
        guard parsed.part(CURLUPART_USER) == nil, parsed.part(CURLUPART_PASSWORD) == nil else {
            throw HTTPError(.invalidURL, "a URL may not carry a user name or password")
        }
        guard let scheme = parsed.part(CURLUPART_SCHEME), scheme == "http" || scheme == "https" else {
            throw HTTPError(.invalidURL, "a URL must begin with https:// or http://")
        }
        guard let host = parsed.part(CURLUPART_HOST), !host.isEmpty,
            let port = parsed.part(CURLUPART_PORT, CURLU_DEFAULT_PORT).flatMap({ Int($0) }),
            let text = parsed.part(CURLUPART_URL)
        else { throw HTTPError(.invalidURL, "a URL must name a host") }
        self.text = text
        origin = Origin(scheme: scheme, host: host.lowercased(), port: port)
        path = parsed.part(CURLUPART_PATH) ?? "/"
        query = parsed.part(CURLUPART_QUERY)
    }
}

/// curl's URL handle.
@safe private struct ParsedURL: ~Copyable {
    private let handle: OpaquePointer

    init(_ text: String, base: String?) throws(HTTPError) {
        guard let handle = unsafe curl_url() else { preconditionFailure("libcurl: out of memory") }
        unsafe self.handle = handle
        // PATH_AS_IS: a signature covers the path byte for byte.
        for text in [base, text] {
            guard let text else { continue }
            let flags = UInt32(CURLU_PATH_AS_IS) | (base == nil ? 0 : UInt32(CURLU_URLENCODE))
            let code = unsafe curl_url_set(handle, CURLUPART_URL, text, flags)
            guard code == CURLUE_OK, !text.utf8.contains(0) else {
                throw HTTPError(.invalidURL, "not a URL: \(unsafe String(cString: curl_url_strerror(code)))")
            }
        }
        _ = unsafe curl_url_set(handle, CURLUPART_FRAGMENT, nil, 0)
    }

    deinit { unsafe curl_url_cleanup(handle) }

    /// A part, or nil where the URL has none.
    func part(_ part: CURLUPart, _ flags: Int32 = 0) -> String? {
        var text: UnsafeMutablePointer<CChar>?
        guard unsafe curl_url_get(handle, part, &text, UInt32(flags)) == CURLUE_OK, let text = unsafe text else {
            return nil
        }
        defer { unsafe curl_free(text) }
        return unsafe String(cString: text)
    }
}
