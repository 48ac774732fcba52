/// Status and header lines of an answer; interim answers (1xx) are never shown.
package struct HTTPResponseHead: Sendable {
    package let status: Int
    package let headers: HTTPHeaders
    /// The URL that was asked, query included: not for logs.
    package let url: String

    package init(status: Int, headers: HTTPHeaders, url: String) {
        self.status = status
        self.headers = headers
        self.url = url
    }

    /// `Content-Length` if there is one and it is a plain number.
    package var contentLength: Int64? {
        guard let text = headers.first(of: "Content-Length"), text.utf8.allSatisfy({ $0 >= 0x30 && $0 <= 0x39 }) else {
            return nil
        }
        return Int64(text)
    }
}

/// An answer whose body was small enough to be held.
package struct HTTPResponse: Sendable {
    package let head: HTTPResponseHead
    package let body: [UInt8]

    package init(head: HTTPResponseHead, body: [UInt8]) {
        self.head = head
        self.body = body
    }

    package var status: Int { head.status }
    package var headers: HTTPHeaders { head.headers }
}
