/// What a token is good for: `repository:team/app:pull`, actions sorted.
struct TokenScope: Hashable, Sendable, Comparable {
    /// `repository:team/app`; the name may hold one more colon, for a port.
    let resource: String
    let actions: Set<String>

    init(resource: String, actions: Set<String>) {
        self.resource = resource
        self.actions = actions
    }

    init(repository: String, actions: Set<String>) {
        self.init(resource: "repository:\(repository)", actions: actions)
    }

    /// Splits from the right, since resource names may contain a colon (registry.md 3.1).
    init?(_ text: some StringProtocol) {
        guard let colon = text.lastIndex(of: ":"), colon != text.startIndex else { return nil }
        resource = String(text[..<colon])
        actions = Set(String(text[text.index(after: colon)...]).split(separator: "," as Character).map { String($0) })
    }

    var text: String { "\(resource):\(actions.sorted().joined(separator: ","))" }

    static func < (a: TokenScope, b: TokenScope) -> Bool { a.text < b.text }

    /// The scopes a challenge names together with the one that is needed, one per resource.
    static func merged(challenge: String?, needed: TokenScope) -> [TokenScope] {
        var actions: [String: Set<String>] = [needed.resource: needed.actions]
        for word in (challenge ?? "").split(separator: " ").prefix(32) {
            guard let scope = TokenScope(word) else { continue }
            actions[scope.resource, default: []].formUnion(scope.actions)
        }
        return actions.map { TokenScope(resource: $0.key, actions: $0.value) }.sorted()
    }
}
