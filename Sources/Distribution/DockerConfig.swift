internal import FoundationEssentials

/// Docker's `config.json` as a source of credentials: `credHelpers` before `credsStore` before `auths`.
package struct DockerConfig: CredentialSource {
    /// Path of the file; read anew each time, since `docker login` and timers rewrite it.
    package let path: String
    /// How helpers are run. Default `docker-credential-NAME` from the search path, 30 s.
    package let helper: CredentialHelper

    package init(path: String, helper: CredentialHelper = CredentialHelper()) {
        self.path = path
        self.helper = helper
    }

    /// `$DOCKER_CONFIG/config.json`, else `$HOME/.docker/config.json`; nil if neither variable is set.
    package static func defaultPath(environment: [String: String]) -> String? {
        if let directory = environment["DOCKER_CONFIG"], !directory.isEmpty { return "\(directory)/config.json" }
        return environment["HOME"].flatMap { $0.isEmpty ? nil : "\($0)/.docker/config.json" }
    }

    package func credential(for target: CredentialTarget, fresh: Bool) async throws -> Credential? {
        let host = target.host
        guard FileManager.default.fileExists(atPath: path) else { return nil }
        guard let data = try? Data(contentsOf: URL(filePath: path)), data.count <= 1 << 20 else {
            throw RegistryError(.invalidConfiguration, "\(path): cannot be read, or has more than 1 MiB")
        }
        let file = try DockerConfigFile(parsing: Array(data), path: path)
        switch try file.lookup(host) {
        case .none: return nil
        case .credential(let credential): return credential
        case .helper(let name):
            if let found = try await helper.get(name, server: DockerConfigFile.serverName(host)) { return found }
            return try file.entry(host)
        }
    }
}

/// The contents of a docker `config.json`.
struct DockerConfigFile: Sendable {
    enum Answer: Sendable, Equatable {
        case none
        case credential(Credential)
        case helper(String)
    }

    private struct Document: Decodable {
        struct Entry: Decodable {
            var auth: String?
            var username: String?
            var password: String?
            var identitytoken: String?
            var registrytoken: String?
        }
        var auths: [String: Entry]?
        var credHelpers: [String: String]?
        var credsStore: String?
    }

    private let document: Document
    private let path: String

    /// - Throws: `RegistryError.invalidConfiguration`, naming the file.
    init(parsing bytes: [UInt8], path: String) throws(RegistryError) {
        self.path = path
        do { document = try JSONDecoder().decode(Document.self, from: Data(bytes)) } catch {
            throw RegistryError(.invalidConfiguration, "\(path): not a docker config in JSON")
        }
    }

    /// What to do for `host`: ask a helper, use an entry, or nothing.
    func lookup(_ host: String) throws(RegistryError) -> Answer {
        let key = RegistryHost.key(host)
        let named = (document.credHelpers ?? [:]).filter { RegistryHost.key($0.key) == key }.min { $0.key < $1.key }?
            .value
        if let name = named ?? document.credsStore, !name.isEmpty {
            guard name.utf8.allSatisfy({ CredentialHelper.nameBytes.contains($0) }) else {
                throw RegistryError(
                    .invalidConfiguration, "\(path): '\(name.prefix(64))' is no name of a credential helper")
            }
            return .helper(name)
        }
        return try entry(host).map { .credential($0) } ?? .none
    }

    /// The credential written in the file itself.
    func entry(_ host: String) throws(RegistryError) -> Credential? {
        let key = RegistryHost.key(host)
        let found = (document.auths ?? [:]).filter { RegistryHost.key($0.key) == key }.min { $0.key < $1.key }
        guard let (name, entry) = found else { return nil }
        if let token = entry.identitytoken, !token.isEmpty { return .identityToken(token) }
        if let token = entry.registrytoken, !token.isEmpty { return .registryToken(token) }
        if let auth = entry.auth, !auth.isEmpty {
            guard let pair = RequestCredentials.pair(auth) else {
                throw RegistryError(
                    .invalidConfiguration, "\(path): auths.\"\(name)\".auth is not base64 of user:password")
            }
            if case .basic("<token>", let token) = pair { return .identityToken(token) }
            return pair
        }
        guard let user = entry.username, !user.isEmpty else { return nil }
        return .basic(user: user, password: entry.password ?? "")
    }

    /// What helpers know Docker Hub by.
    static func serverName(_ host: String) -> String {
        RegistryHost.key(host) == "docker.io" ? "https://index.docker.io/v1/" : host
    }
}
