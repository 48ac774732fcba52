/// One way to tell a registry who is asking. Never printed: its description says only what kind it is.
package enum Credential: Hashable, Sendable, CustomStringConvertible, CustomDebugStringConvertible, CustomReflectable {
    case basic(user: String, password: String)
    /// An OAuth2 refresh token: exchanged by POST (registry.md 3.2).
    case identityToken(String)
    /// A ready bearer token.
    case registryToken(String)

    package var description: String {
        switch self {
        case .basic: "user and password"
        case .identityToken: "an identity token"
        case .registryToken: "a registry token"
        }
    }

    package var debugDescription: String { description }
    package var customMirror: Mirror { Mirror(self, children: []) }
}

/// Gives the node's own credentials for a host: docker config, credential helpers, plugins.
package protocol CredentialSource: Sendable {
    /// The credential for `host` (`name[:port]`, `docker.io` for Docker Hub), or nil if there is none.
    /// - Parameter fresh: the last one was refused; anything remembered is to be asked for again.
    /// - Throws: `RegistryError` if the source could not be asked, which is not the same as having none.
    func credential(for host: String, fresh: Bool) async throws -> Credential?
}

/// A node without credentials of its own.
package struct NoCredentials: CredentialSource {
    package init() {}
    package func credential(for host: String, fresh: Bool) async throws -> Credential? { nil }
}
