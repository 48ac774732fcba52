internal import FoundationEssentials

/// What a plugin answered: a CredentialProviderResponse.
struct CredentialProviderAnswer: Sendable {
    enum Scope: String, Sendable {
        case image = "Image"
        case registry = "Registry"
        case global = "Global"

        /// What an answer for `target` is remembered under.
        func key(_ target: CredentialTarget) -> String {
            switch self {
            case .image: "image \(target.image)"
            case .registry: "registry \(target.host)"
            case .global: "global"
            }
        }
    }

    let scope: Scope
    /// Nil: not said.
    let life: Duration?
    private let credentials: [(pattern: RegistryPattern, credential: Credential)]

    /// Nil if the bytes are not such an answer.
    init?(_ bytes: [UInt8], to provider: CredentialProvider) {
        struct Document: Decodable {
            struct Login: Decodable {
                var username: String?
                var password: String?
            }
            var kind: String
            var apiVersion: String
            var cacheKeyType: String
            var cacheDuration: String?
            var auth: [String: Login]?
        }
        guard let answer = try? JSONDecoder().decode(Document.self, from: Data(bytes)),
            answer.kind == "CredentialProviderResponse", answer.apiVersion == provider.apiVersion,
            let scope = Scope(rawValue: answer.cacheKeyType)
        else { return nil }
        let said = answer.cacheDuration.map { GoDuration.parse($0) }
        // Written, but no duration.
        if case .some(.none) = said { return nil }
        self.scope = scope
        life = said ?? nil
        credentials = (answer.auth ?? [:]).sorted { $0.key > $1.key }.map { pattern, login in
            (RegistryPattern(pattern), .basic(user: login.username ?? "", password: login.password ?? ""))
        }
    }

    /// The most particular entry for `target`: the kubelet goes through the patterns backwards by name, so that longer paths come first.
    func credential(for target: CredentialTarget) -> Credential? {
        credentials.first { $0.pattern.matches(target) }?.credential
    }
}
