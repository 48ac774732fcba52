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

/// What a credential is wanted for.
package struct CredentialTarget: Hashable, Sendable {
    /// `name[:port]`, `docker.io` for Docker Hub.
    package var host: String
    /// `library/python`; empty if it is not about one.
    package var repository: String

    package init(host: String, repository: String = "") {
        self.host = host
        self.repository = repository
    }

    /// `host/repository`, as credential providers are asked for it.
    package var image: String { repository.isEmpty ? host : "\(host)/\(repository)" }
}

/// Gives the node's own credentials: credential providers, docker config and its helpers.
package protocol CredentialSource: Sendable {
    /// The credential for `target`, or nil if there is none.
    /// - Parameter fresh: the last one was refused; anything remembered is to be asked for again.
    /// - Throws: `RegistryError` if the source could not be asked, which is not the same as having none.
    func credential(for target: CredentialTarget, fresh: Bool) async throws -> Credential?
}
