internal import OCI

/// On whose behalf something is asked.
struct Access: Sendable {
    var reference: Reference
    /// Credentials of pulls, in the order they are tried.
    var requests: [RequestCredentials]
    /// Whether the node's own credentials may be tried after those of the requests were refused: for reads long after a pull, never
    /// for a pull itself, whose credentials decide (design.md 3).
    var mayFallBack: Bool

    init(reference: Reference, requests: [RequestCredentials], mayFallBack: Bool = false) {
        self.reference = reference
        self.requests = requests
        self.mayFallBack = mayFallBack
    }

    init(reference: Reference, request: RequestCredentials?, mayFallBack: Bool = false) {
        self.init(reference: reference, requests: request.map { [$0] } ?? [], mayFallBack: mayFallBack)
    }

    /// What to try at `endpoint`, in order.
    func candidates(at endpoint: Endpoint) throws(RegistryError) -> [CredentialCandidate] {
        guard endpoint.takesRequestCredentials else { return [.node] }
        var candidates: [CredentialCandidate] = []
        for request in requests {
            guard let mine = try request.credential(for: reference.host), !candidates.contains(.given(mine)) else {
                continue
            }
            candidates.append(.given(mine))
        }
        return mayFallBack || candidates.isEmpty ? candidates + [.node] : candidates
    }
}

enum CredentialCandidate: Hashable, Sendable {
    case given(Credential)
    /// Whatever the node's own sources have for the image.
    case node
}
