internal import FoundationEssentials

/// The credentials one CRI PullImage carried, as they came (cri-image-service.md 6). They are bound to the image's registry and go to no
/// other host. Empty strings mean "not set", as in protobuf.
///
/// Codable so that who keeps them with an image can seal them; never printed.
package struct RequestCredentials: Codable, Hashable, Sendable, CustomStringConvertible, CustomReflectable {
    package var username: String
    package var password: String
    /// base64 of `user:password`.
    package var auth: String
    package var serverAddress: String
    package var identityToken: String
    package var registryToken: String

    package init(
        username: String = "", password: String = "", auth: String = "", serverAddress: String = "",
        identityToken: String = "", registryToken: String = ""
    ) {
        self.username = username
        self.password = password
        self.auth = auth
        self.serverAddress = serverAddress
        self.identityToken = identityToken
        self.registryToken = registryToken
    }

    /// What to say to the registry called `host` (`Reference.host`), or nil if these credentials are empty or meant for another one.
    ///
    /// Precedence as in containerd, with the registry token honoured at the end: server address, user name, identity token, auth.
    /// - Throws: `RegistryError.invalidConfiguration` if `auth` is not what it should be.
    package func credential(for host: String) throws(RegistryError) -> Credential? {
        if !serverAddress.isEmpty, RegistryHost.key(serverAddress) != RegistryHost.key(host) { return nil }
        if !username.isEmpty { return .basic(user: username, password: password) }
        if !identityToken.isEmpty { return .identityToken(identityToken) }
        if !auth.isEmpty {
            guard let pair = Self.pair(auth) else {
                throw RegistryError(
                    .invalidConfiguration, "the auth given for \(host) is not base64 of user:password", host: host)
            }
            return pair
        }
        return registryToken.isEmpty ? nil : .registryToken(registryToken)
    }

    /// Decodes base64 of `user:password`; the NULs some tools leave at the end are dropped.
    static func pair(_ text: String) -> Credential? {
        guard
            let data = Data(base64Encoded: text) ?? Data(base64Encoded: text + "=") ?? Data(base64Encoded: text + "==")
        else { return nil }
        var bytes = Array(data)
        while bytes.last == 0 { bytes.removeLast() }
        guard let colon = bytes.firstIndex(of: UInt8(ascii: ":")),
            let user = String(validating: bytes[..<colon], as: UTF8.self),
            let password = String(validating: bytes[(colon + 1)...], as: UTF8.self)
        else { return nil }
        return .basic(user: user, password: password)
    }

    package var description: String { "credentials of the request" }
    package var customMirror: Mirror { Mirror(self, children: []) }
}

/// Host names as keys of credential files: `https://index.docker.io/v1/`, `registry-1.docker.io` and `docker.io` are one.
enum RegistryHost {
    /// `host[:port]` in lower case, without scheme and path; Docker Hub's names become `docker.io`.
    static func key(_ text: String) -> String {
        var rest = text[...]
        if let scheme = rest.firstRange(of: "://") { rest = rest[scheme.upperBound...] }
        let host = rest.prefix { $0 != "/" }.lowercased()
        switch host {
        case "index.docker.io", "registry-1.docker.io", "registry.hub.docker.com": return "docker.io"
        default: return host
        }
    }

    /// Whether `host` (`name[:port]`) is this machine, so that plain HTTP does not cross a network.
    static func isLoopback(_ host: String) -> Bool {
        var name = host[...]
        if name.hasPrefix("[") {
            name = name.dropFirst().prefix { $0 != "]" }
            return name == "::1"
        }
        if let colon = name.firstIndex(of: ":") { name = name[..<colon] }
        let parts = name.split(separator: ".", omittingEmptySubsequences: false)
        let isAddress = parts.count == 4 && parts.allSatisfy { UInt8($0) != nil }
        return name.lowercased() == "localhost" || isAddress && parts[0] == "127"
    }
}
