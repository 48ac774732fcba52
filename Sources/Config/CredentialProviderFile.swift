/// The kubelet's `CredentialProviderConfig`, as far as it says which plugins to ask. It is the kubelet's file: keys unknown here are its business.
package struct CredentialProviderFile: Sendable, Equatable {
    package struct Provider: Sendable, Equatable {
        package var name = ""
        package var matchImages: [String] = []
        /// As Go writes durations.
        package var defaultCacheDuration = ""
        /// Of the exec protocol.
        package var apiVersion = ""
        package var arguments: [String] = []
        package var environment: [String: String] = [:]
        /// It is to be given a token of the pod's service account.
        package var needsServiceAccount = false
    }

    static let group = "kubelet.config.k8s.io/"
    static let kind = "CredentialProviderConfig"
    /// Far above any node.
    private static let maximumCount = 1000

    /// In the file's order.
    package var providers: [Provider]

    /// - Throws: if the file cannot be read or is not such a configuration, with file, line and key.
    package static func read(_ path: String) throws(ConfigError) -> CredentialProviderFile {
        try parse(ImageletConfiguration.readText(path), file: path)
    }

    /// `file` is what errors call it. JSON is read, too, being YAML.
    package static func parse(_ text: String, file: String) throws(ConfigError) -> CredentialProviderFile {
        let document = try SettingReader.read(text, file: file)
        guard let kind = document["kind"], try kind.text() == Self.kind, let version = document["apiVersion"],
            try version.text().hasPrefix(Self.group)
        else {
            throw document.error(
                .unsupportedVersion, "not of kind \(Self.kind) and an apiVersion of \(Self.group.dropLast())")
        }
        let listed = try document["providers"]?.list(Self.maximumCount) ?? []
        return CredentialProviderFile(
            providers: try listed.map { setting throws(ConfigError) in try Provider(setting) })
    }
}

extension CredentialProviderFile.Provider {
    private static let maximumCount = 1000

    fileprivate init(_ setting: Setting) throws(ConfigError) {
        name = try setting.required("name").text()
        matchImages = try setting.required("matchImages").list(Self.maximumCount).map { element throws(ConfigError) in
            try element.text()
        }
        defaultCacheDuration = try setting.required("defaultCacheDuration").text()
        apiVersion = try setting.required("apiVersion").text()
        arguments =
            try setting["args"]?.list(Self.maximumCount).map { element throws(ConfigError) in
                try element.text()
            } ?? []
        for variable in try setting["env"]?.list(Self.maximumCount) ?? [] {
            environment[try variable.required("name").text()] = try variable["value"]?.text() ?? ""
        }
        needsServiceAccount = setting["tokenAttributes"].map { !$0.isNull } ?? false
    }
}

extension Setting {
    fileprivate subscript(_ name: String) -> Setting? {
        guard case .map(let entries) = content else { return nil }
        return entries.first { $0.key == name }?.value
    }

    fileprivate func required(_ name: String) throws(ConfigError) -> Setting {
        guard let value = self[name], !value.isNull else { throw error(.missingKey, "\(name) is missing") }
        return value
    }

    fileprivate func text() throws(ConfigError) -> String {
        guard case .scalar(let text, _) = content, !text.utf8.contains(0) else {
            throw error(.invalidValue, "found \(summary); allowed: a text")
        }
        return text
    }
}
