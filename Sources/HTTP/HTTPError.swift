/// Why a request got no complete answer. A status of 400 and up is an answer, not an error.
package struct HTTPError: Error, Sendable, CustomStringConvertible {
    package enum Code: Sendable, Hashable {
        /// The URL is no absolute http or https URL, or carries a user name.
        case invalidURL
        /// A header or body that cannot be sent: our side's mistake.
        case invalidRequest
        /// The host's (or proxy's) name has no address.
        case resolve
        /// No connection.
        case connect
        /// No TLS connection: the certificate is not trusted, ours was refused, or the handshake failed.
        case tls
        /// No connection, or no answer's head, in the time given.
        case timeout
        /// The body stood still, or was slower than the floor, for the time given.
        case idle
        /// The connection ended before the answer was complete.
        case reset
        /// The body is longer than the caller takes.
        case bodyTooLarge
        /// The peer does not speak HTTP as we know it, or its header lines are longer than 64 KiB.
        case protocolError
        /// The client was shut down.
        case closed
    }

    package var code: Code
    /// What failed and why. The URL in it has neither query nor user.
    package var message: String
    /// Whether the same request may succeed a little later.
    package var isTransient: Bool

    package init(_ code: Code, _ message: String, isTransient: Bool? = nil) {
        self.code = code
        self.message = message
        self.isTransient = isTransient ?? code.isUsuallyTransient
    }

    package var description: String { message }
}

extension HTTPError.Code {
    fileprivate var isUsuallyTransient: Bool {
        switch self {
        case .resolve, .connect, .timeout, .idle, .reset: true
        case .invalidURL, .invalidRequest, .tls, .bodyTooLarge, .protocolError, .closed: false
        }
    }
}
