internal import OCI

/// On whose behalf something is asked.
struct Access: Sendable {
    var reference: Reference
    var request: RequestCredentials?
    /// Whether the node's own credentials may be tried after those of the request were refused: for reads long after a pull, never
    /// for a pull itself, whose credentials decide (design.md 3).
    var mayFallBack = false

    /// What to try at `endpoint`, in order; an empty list is an anonymous try.
    func candidates(at endpoint: Endpoint) throws(RegistryError) -> [CredentialCandidate] {
        let mine = try request?.credential(for: reference.host)
        guard endpoint.takesRequestCredentials, let mine else { return [.node] }
        return mayFallBack ? [.given(mine), .node] : [.given(mine)]
    }
}

enum CredentialCandidate: Hashable, Sendable {
    case given(Credential)
    /// Whatever the node's own source has for the host.
    case node
}
