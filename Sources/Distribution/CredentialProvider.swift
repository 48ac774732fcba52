internal import FoundationEssentials

/// One of the kubelet's credential-provider plugins as its configuration describes it (`kubelet.config.k8s.io`, CredentialProvider).
package struct CredentialProvider: Sendable {
    /// The versions of the exec protocol; all say the same for what is used here.
    static let protocolGroup = "credentialprovider.kubelet.k8s.io/"
    static let versions: Set<String> = ["v1", "v1beta1", "v1alpha1"]

    /// Of the program in the directory of plugins.
    package let name: String
    /// Images it is asked for.
    let patterns: [RegistryPattern]
    /// How long an answer counts that does not say it itself.
    let defaultLife: Duration
    let apiVersion: String
    package let arguments: [String]
    package let environment: [String: String]

    /// - Parameters:
    ///   - matchImages: such as `*.dkr.ecr.*.amazonaws.com` or `registry.example:8080/team`.
    ///   - defaultCacheDuration: as Go writes durations: `12h`, `1h30m`.
    /// - Throws: `RegistryError.invalidConfiguration`.
    package init(
        name: String, matchImages: [String], defaultCacheDuration: String, apiVersion: String, arguments: [String] = [],
        environment: [String: String] = [:]
    ) throws(RegistryError) {
        let wrong: (String) -> RegistryError = { why in
            RegistryError(.invalidConfiguration, "credential provider '\(name.prefix(64))': \(why)")
        }
        // As the kubelet has it: a name of a file, nothing that leads elsewhere.
        let isName =
            !name.isEmpty && name != "." && name != ".."
            && name.utf8.allSatisfy { byte in
                byte > 0x20 && byte != 0x7F && byte != UInt8(ascii: "/") && byte != UInt8(ascii: "\\")
            }
        guard isName else { throw wrong("the name must be that of a program, without spaces and slashes") }
        guard apiVersion.hasPrefix(Self.protocolGroup),
            Self.versions.contains(String(apiVersion.dropFirst(Self.protocolGroup.count)))
        else { throw wrong("the apiVersion '\(apiVersion.prefix(64))' is not known") }
        guard let life = GoDuration.parse(defaultCacheDuration) else {
            throw wrong("the defaultCacheDuration '\(defaultCacheDuration.prefix(64))' is not a duration")
        }
        guard environment.keys.allSatisfy({ !$0.isEmpty && !$0.utf8.contains(UInt8(ascii: "=")) }) else {
            throw wrong("a variable of its environment has no name")
        }
        self.name = name
        patterns = matchImages.map { RegistryPattern($0) }
        defaultLife = life
        self.apiVersion = apiVersion
        self.arguments = arguments
        self.environment = environment
    }

    /// What it reads: a CredentialProviderRequest.
    func question(_ image: String) throws -> [UInt8] {
        struct Request: Encodable {
            var kind = "CredentialProviderRequest"
            var apiVersion: String
            var image: String
        }
        let encoder = JSONEncoder()
        encoder.outputFormatting = .withoutEscapingSlashes
        return Array(try encoder.encode(Request(apiVersion: apiVersion, image: image)))
    }
}
