package import Config
package import Distribution
internal import HTTP
package import Images
internal import Layers
package import Logging
internal import Policy

/// Registries as the configuration describes them; for the daemon and for commands that work without one.
package struct RegistryAccess: Sendable {
    private let http: HTTPClient
    private let hosts: HostConfiguration
    private let credentials: any CredentialSource

    package init(_ configuration: ImageletConfiguration) {
        http = HTTPClient(options: .init(userAgent: "imagelet/\(Version.current)"))
        hosts = HostConfiguration(
            directories: configuration.registries.hostsDirectories,
            plainHTTP: Set(configuration.registries.plainHTTPHosts))
        if let path = configuration.registries.dockerConfig
            ?? DockerConfig.defaultPath(environment: ProcessIdentity.environment)
        {
            credentials = DockerConfig(path: path)
        } else {
            credentials = NoCredentials()
        }
    }

    package func client(logger: Logger) -> RegistryClient {
        RegistryClient(http: http, hosts: hosts, credentials: credentials, options: .init(), logger: logger)
    }
}

extension ImageletConfiguration {
    /// What pulls and explanations decide by.
    package var pullOptions: PullOptions {
        var options = PolicyOptions()
        options.streamThreshold = policy.streamThreshold.bytes
        options.smallLayer = policy.smallLayer.bytes
        options.rules = Rules(
            policy.rules.compactMap { rule in
                Strategy(rawValue: rule.strategy.rawValue).map { Rules.Rule(ReferencePattern(rule.match), $0) }
            })
        return PullOptions(policy: options, fills: fill.enabled)
    }

    var layerOptions: LayerStoreOptions {
        var options = LayerStoreOptions()
        options.readTimeout = transfers.readTimeout
        options.maxTransfers = transfers.maxConcurrent
        options.fillQuietPeriod = fill.quietPeriod
        return options
    }
}
