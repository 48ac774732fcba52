/// Why a registry, or what is configured about it, did not give what was asked.
package struct RegistryError: Error, Sendable, Equatable, CustomStringConvertible {
    package enum Code: Sendable, Equatable {
        /// A hosts.toml, docker config or request that cannot be honoured as it stands.
        case invalidConfiguration
        /// The registry wants other credentials (401).
        case unauthenticated
        /// The credentials are known but may not do this (403).
        case denied
        case notFound
        /// Too many requests (429), and waiting did not help.
        case rateLimited
        /// No connection, no answer in time, or a failure on the registry's side; a later try may succeed.
        case unavailable
        /// The certificate is not trusted, or no TLS could be agreed on.
        case tls
        /// An answer that breaks the protocol, or content that is not what its digest says.
        case invalidResponse
        /// Larger than is accepted.
        case tooLarge
        /// The registry cannot do this.
        case unsupported
    }

    package var code: Code
    /// Which host, which step, which status, and what to try. Never holds a secret or a signed URL's query.
    package var message: String
    /// `host[:port]` of the registry or mirror, where one was involved.
    package var host: String?
    /// The answer's status, if there was an answer.
    package var status: Int?

    package init(_ code: Code, _ message: String, host: String? = nil, status: Int? = nil) {
        self.code = code
        self.message = message
        self.host = host
        self.status = status
    }

    package var description: String { message }

    /// Whether a later try, or another host, may succeed.
    package var isTransient: Bool { code == .unavailable || code == .rateLimited }
}
