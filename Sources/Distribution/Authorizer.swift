internal import HTTP
internal import Logging
internal import OCI
internal import Synchronization

/// Finds the `Authorization` for a request, and what to do when it was refused. The decisions are `TokenStore`'s.
final class Authorizer: Sendable {
    /// How long a node credential is used before its source is asked again.
    static let credentialLife: Duration = .seconds(600)

    private struct Known {
        var credential: Credential?
        var at: Duration
    }

    private let exchange: TokenExchange
    private let source: any CredentialSource
    private let time: Timebase
    private let logger: Logger
    private let store = Mutex(TokenStore())
    private let known = Mutex<[String: Known]>([:])
    private let notes = Mutex<[String: String]>([:])
    private let tokenFlights = SingleFlight<TokenKey, Token>()
    private let credentialFlights = SingleFlight<String, Credential?>()

    init(http: HTTPClient, source: any CredentialSource, time: Timebase, logger: Logger) {
        exchange = TokenExchange(http: http, time: time)
        self.source = source
        self.time = time
        self.logger = logger
    }

    /// What was sent, so that a refusal can be judged.
    struct Sent: Sendable {
        var header: HTTPHeader?
        var key: TokenKey?
        var token: String?
    }

    /// The header for a request at `endpoint`, nothing if the registry has not asked for any yet.
    /// - Throws: `HostFailure` if a token is needed and cannot be had, `CancellationError`.
    func authorization(at endpoint: Endpoint, scope: TokenScope, as candidate: CredentialCandidate) async throws -> Sent
    {
        if case .given(.registryToken(let token)) = candidate { return try bearer(token, endpoint) }
        if endpoint.headers.contains(where: { $0.name.lowercased() == "authorization" }) { return Sent() }
        guard let demand = store.withLock({ $0.demand(at: endpoint.base.text, needed: scope) }) else { return Sent() }
        let credential = try await credential(candidate, endpoint)
        if case .registryToken(let token)? = credential { return try bearer(token, endpoint) }
        guard demand.challenge.scheme == "bearer" else {
            guard case .basic(let user, let password)? = credential else { return Sent() }
            return Sent(header: BasicAuthorization.header(user: user, password: password))
        }
        let realm = try realm(demand.challenge, endpoint)
        let key = TokenKey(
            realm: realm.text, service: demand.challenge.parameters["service"], scopes: demand.scopes,
            credential: credential)
        let token = try await token(key, tls: tls(for: realm, endpoint))
        var sent = try bearer(token.text, endpoint)
        sent.key = key
        sent.token = token.text
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

    /// Forgets what was sent, and the node credential it was made of. True if there is anything to gain by another try.
    func refresh(after sent: Sent, at endpoint: Endpoint, candidate: CredentialCandidate) async throws -> Bool {
        store.withLock { store in
            if let key = sent.key, let token = sent.token { store.drop(token, for: key) }
        }
        guard candidate == .node, sent.header != nil else { return sent.token != nil }
        return try await reload(endpoint) || sent.token != nil
    }

    /// Asks for the node's credential anew. True if it is another one than before.
    func reload(_ endpoint: Endpoint) async throws -> Bool {
        let host = endpoint.credentialHost
        let before = known.withLock { $0.removeValue(forKey: host)?.credential }
        let now = try await lookUp(host, fresh: true)
        return now != nil && now != before
    }

    /// Why the node's own credentials for a host could not be had, for error texts.
    func note(_ host: String) -> String? { notes.withLock { $0[host] } }

    private func bearer(_ token: String, _ endpoint: Endpoint) throws -> Sent {
        guard token.utf8.allSatisfy({ $0 > 0x20 && $0 < 0x7F }) else {
            throw HostFailure(
                RegistryError(
                    .invalidConfiguration, "\(endpoint.name): the registry token given is not one", host: endpoint.name)
            )
        }
        return Sent(header: HTTPHeader("Authorization", "Bearer \(token)"))
    }

    private func credential(_ candidate: CredentialCandidate, _ endpoint: Endpoint) async throws -> Credential? {
        switch candidate {
        case .given(let credential): credential
        case .node: try await lookUp(endpoint.credentialHost, fresh: false)
        }
    }

    private func lookUp(_ host: String, fresh: Bool) async throws -> Credential? {
        let now = time.now()
        if !fresh, let entry = known.withLock({ $0[host] }), now - entry.at < Self.credentialLife {
            return entry.credential
        }
        return try await credentialFlights.value(for: host) {
            do {
                let credential = try await self.source.credential(for: host, fresh: fresh)
                self.known.withLock { $0[host] = Known(credential: credential, at: self.time.now()) }
                self.notes.withLock { $0[host] = nil }
                return credential
            } catch let error as RegistryError {
                // A public image must not fail for it; if the registry then refuses, its error names this one.
                self.logger.warning(
                    "credentials could not be asked for", metadata: ["registry.host": "\(host)", "error": "\(error)"])
                self.notes.withLock { $0[host] = error.message }
                return nil
            }
        }
    }

    private func token(_ key: TokenKey, tls: TLSOptions) async throws -> Token {
        if let token = store.withLock({ $0.token(key, now: time.now()) }) { return token }
        return try await tokenFlights.value(for: key) {
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
