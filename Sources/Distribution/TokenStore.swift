/// What is known about who must be asked for which token: a pure value (style.md 18). `Authorizer` is its shell.
struct TokenStore: Sendable {
    /// A registry's demand, without the scope.
    private var demands: [String: Challenge] = [:]
    /// The scope a registry named for a resource, if it named one.
    private var scopes: [ScopeKey: String] = [:]
    private var tokens: [TokenKey: Token] = [:]
    /// Token servers that turned down POST.
    private var withoutForm: Set<String> = []

    private struct ScopeKey: Hashable {
        var base: String
        var needed: TokenScope
    }

    /// Entries kept before the store is cleared: names come from outside, so their number has a cap.
    static let limit = 4096

    var size: Int { demands.count + scopes.count + tokens.count }

    /// The demand to meet at the API `base`, with the scope for `needed`; nil if the registry has not asked for anything yet.
    func demand(at base: String, needed: TokenScope) -> (challenge: Challenge, scopes: [TokenScope])? {
        guard let challenge = demands[base] else { return nil }
        let named = scopes[ScopeKey(base: base, needed: needed)]
        return (challenge, TokenScope.merged(challenge: named, needed: needed))
    }

    /// Takes in a challenge; the answer is whether anything new was learnt.
    mutating func learn(_ challenge: Challenge, at base: String, needed: TokenScope) -> Bool {
        if size > Self.limit { self = TokenStore() }
        var bare = challenge
        let scope = bare.parameters.removeValue(forKey: "scope")
        bare.parameters["error"] = nil
        bare.parameters["error_description"] = nil
        let before = (demands[base], demand(at: base, needed: needed)?.scopes)
        demands[base] = bare
        if let scope { scopes[ScopeKey(base: base, needed: needed)] = scope }
        return before.0 != bare || before.1 != demand(at: base, needed: needed)?.scopes
    }

    /// The token for `key` if it need not be renewed yet.
    func token(_ key: TokenKey, now: Duration) -> Token? {
        guard let token = tokens[key], now < token.renewAt else { return nil }
        return token
    }

    /// A token past its renewal that still has some life, for when renewing fails.
    func oldToken(_ key: TokenKey, now: Duration) -> Token? {
        guard let token = tokens[key], now < token.receivedAt + token.life else { return nil }
        return token
    }

    /// Credentials that rotate bring new keys for ever: what has expired since goes.
    mutating func keep(_ token: Token, for key: TokenKey, usesForm: Bool) {
        tokens = tokens.filter { token.receivedAt < $0.value.receivedAt + $0.value.life }
        if size >= Self.limit { tokens = [:] }
        tokens[key] = token
        if usesForm { withoutForm.remove(key.realm) } else { withoutForm.insert(key.realm) }
    }

    /// Forgets a token a registry refused, unless another one has taken its place already.
    mutating func drop(_ text: String, for key: TokenKey) {
        if tokens[key]?.text == text { tokens[key] = nil }
    }

    func usesForm(_ realm: String) -> Bool { !withoutForm.contains(realm) }
}
