internal import HTTP
internal import Logging
internal import OCI
internal import Synchronization

/// Finds the `Authorization` for a request, and what to do when it was refused. The decisions are `TokenStore`'s.
final class Authorizer: Sendable {
    private let exchange: TokenExchange
    private let time: Timebase
    private let store = Mutex(TokenStore())
    private let flights = SingleFlight<TokenKey, Token>()
    let node: NodeCredentials
    let refused: RefusedCandidates

    /// How often the node's credentials are renewed for one request.
    static let renewalLimit = 3

    init(
        http: HTTPClient, sources: [any CredentialSource], time: Timebase, metrics: RegistryMetrics, logger: Logger
    ) {
        exchange = TokenExchange(http: http, time: time, metrics: metrics)
        node = NodeCredentials(sources: sources, time: time, metrics: metrics, logger: logger)
        refused = RefusedCandidates(time: time)
        self.time = time
    }

    /// Who asks for what: a candidate, for a repository at an endpoint.
    struct Question: Sendable {
        var endpoint: Endpoint
        var repository: String
        var scope: TokenScope
        var candidate: CredentialCandidate

        var target: CredentialTarget { CredentialTarget(host: endpoint.credentialHost, repository: repository) }
    }

    /// What was sent, so that a refusal can be judged.
    struct Sent: Sendable {
        var header: HTTPHeader?
        var key: TokenKey?
        var token: String?
        var credential: Credential?
    }

    /// The header for a request, nothing if the registry has not asked for any yet. A credential of the node that its token server turns
    /// down is renewed.
    /// - Throws: `HostFailure` if a token is needed and cannot be had, `CancellationError`.
    func authorization(_ question: Question) async throws -> Sent {
        let endpoint = question.endpoint
        if case .given(.registryToken(let token)) = question.candidate { return try bearer(token, endpoint) }
        if endpoint.headers.contains(where: { $0.name.lowercased() == "authorization" }) { return Sent() }
        var renewals = 0
        while true {
            guard let demand = store.withLock({ $0.demand(at: endpoint.base.text, needed: question.scope) }) else {
                return Sent()
            }
            let credential = try await credential(question)
            do {
                return try await authorization(demand.challenge, demand.scopes, credential, endpoint)
            } catch let failure as HostFailure where failure.error.code == .unauthenticated {
                renewals += 1
                guard question.candidate == .node, renewals <= Self.renewalLimit,
                    try await node.renew(credential, for: question.target)
                else { throw failure }
            }
        }
    }

    private func authorization(
        _ challenge: Challenge, _ scopes: [TokenScope], _ credential: Credential?, _ endpoint: Endpoint
    ) async throws -> Sent {
        if case .registryToken(let token)? = credential {
            var sent = try bearer(token, endpoint)
            sent.credential = credential
            return sent
        }
        guard challenge.scheme == "bearer" else {
            guard case .basic(let user, let password)? = credential else { return Sent() }
            return Sent(header: BasicAuthorization.header(user: user, password: password), credential: credential)
        }
        let realm = try realm(challenge, endpoint)
        let key = TokenKey(
            realm: realm.text, service: challenge.parameters["service"], scopes: scopes, credential: credential)
        let token = try await token(key, tls: tls(for: realm, endpoint))
        var sent = try bearer(token.text, endpoint)
        (sent.key, sent.token, sent.credential) = (key, token.text, credential)
        return sent
    }

    /// Takes in a 401. True if another try with the same candidate makes sense.
    func learn(_ headers: HTTPHeaders, at endpoint: Endpoint, scope: TokenScope, after sent: Sent) -> Bool {
        guard let challenge = Challenge.preferred(Challenge.parse(headers.values(of: "WWW-Authenticate"))) else {
            return false
        }
        return store.withLock { store in
            if let key = sent.key, let token = sent.token { store.drop(token, for: key) }
            let isNew = store.learn(challenge, at: endpoint.base.text, needed: scope)
            return isNew || sent.token != nil || sent.header == nil
        }
    }

    /// Forgets a token that was sent, and renews the node credential it was made of. True if there is anything to gain by another try.
    /// - Parameter isFirst: whether this is the first time for this request: then a new token alone is worth a try.
    func refresh(after sent: Sent, _ question: Question, isFirst: Bool) async throws -> Bool {
        store.withLock { store in
            if let key = sent.key, let token = sent.token { store.drop(token, for: key) }
        }
        let hasToken = isFirst && sent.token != nil
        guard question.candidate == .node, sent.header != nil else { return hasToken }
        return try await node.renew(sent.credential, for: question.target) || hasToken
    }

    private func bearer(_ token: String, _ endpoint: Endpoint) throws -> Sent {
        guard token.utf8.allSatisfy({ $0 > 0x20 && $0 < 0x7F }) else {
            throw HostFailure(
                RegistryError(
                    .invalidConfiguration, "\(endpoint.name): the registry token given is not one", host: endpoint.name)
            )
        }
        return Sent(header: HTTPHeader("Authorization", "Bearer \(token)"))
    }

    private func credential(_ question: Question) async throws -> Credential? {
        switch question.candidate {
        case .given(let credential): credential
        case .node: try await node.credential(for: question.target)
        }
    }

    private func token(_ key: TokenKey, tls: TLSOptions) async throws -> Token {
        if let token = store.withLock({ $0.token(key, now: time.now()) }) { return token }
        return try await flights.value(for: key) {
            // Between the look above and now another flight may have landed.
            if let token = self.store.withLock({ $0.token(key, now: self.time.now()) }) { return token }
            do {
                let usesForm = self.store.withLock { $0.usesForm(key.realm) }
                let result = try await self.exchange.token(key, tls: tls, usesForm: usesForm)
                self.store.withLock { $0.keep(result.token, for: key, usesForm: result.usesForm) }
                return result.token
            } catch let failure as HostFailure where failure.error.isTransient {
                guard let old = self.store.withLock({ $0.oldToken(key, now: self.time.now()) }) else { throw failure }
                return old
            }
        }
    }

    /// The token server's URL. Credentials go there, so it must be https unless the registry itself is plain HTTP.
    private func realm(_ challenge: Challenge, _ endpoint: Endpoint) throws -> HTTPURL {
        guard let url = try? HTTPURL(challenge.parameters["realm"] ?? ""),
            url.origin.scheme == "https" || endpoint.base.origin.scheme == "http"
        else {
            throw HostFailure(
                RegistryError(
                    .invalidResponse, "\(endpoint.name) names a token server that is no https URL", host: endpoint.name)
            )
        }
        return url
    }

    private func tls(for realm: HTTPURL, _ endpoint: Endpoint) -> TLSOptions {
        var tls = endpoint.tls
        if realm.origin != endpoint.base.origin { tls.clientCertificate = nil }
        return tls
    }
}
