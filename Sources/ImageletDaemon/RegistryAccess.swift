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
    private let hosts: @Sendable () -> HostConfiguration
    private let configuration: ImageletConfiguration

    /// - Parameter current: asked for what may change while a client lives: where registries are.
    package init(_ current: @autoclosure @escaping @Sendable () -> ImageletConfiguration) {
        http = HTTPClient(options: .init(userAgent: "imagelet/\(Version.current)"))
        hosts = { current().hosts }
        configuration = current()
    }

    package func client(metrics: RegistryMetrics = RegistryMetrics(), logger: Logger) -> RegistryClient {
        var options = RegistryClient.Options()
        options.metrics = metrics
        return RegistryClient(
            http: http, hosts: hosts(), credentials: sources(logger), options: options, logger: logger)
    }

    /// The node's own credentials: the kubelet's plugins first, which can renew theirs.
    private func sources(_ logger: Logger) -> [any CredentialSource] {
        var sources: [any CredentialSource] = []
        if let path = configuration.registries.credentialProviders.config,
            let directory = configuration.registries.credentialProviders.binDirectory
        {
            do {
                let providers = try CredentialProviderFile.read(path).usable(logger)
                sources.append(CredentialProviders(providers, directory: directory))
            } catch {
                // Public images and those with credentials of their own can do without.
                logger.error("credential providers are left out", metadata: ["error": "\(error)"])
            }
        }
        if let path = configuration.registries.dockerConfig
            ?? DockerConfig.defaultPath(environment: ProcessIdentity.environment)
        {
            sources.append(DockerConfig(path: path))
        }
        return sources
    }
}

extension CredentialProviderFile {
    /// Those that can be asked here, in the kubelet's order.
    fileprivate func usable(_ logger: Logger) -> [CredentialProvider] {
        providers.compactMap { provider in
            if provider.needsServiceAccount {
                logger.warning(
                    "credential provider left out: it wants a pod's service account, which only the kubelet has",
                    metadata: ["provider": "\(provider.name)"])
                return nil
            }
            do {
                return try CredentialProvider(
                    name: provider.name, matchImages: provider.matchImages,
                    defaultCacheDuration: provider.defaultCacheDuration, apiVersion: provider.apiVersion,
                    arguments: provider.arguments, environment: provider.environment)
            } catch {
                logger.error("credential provider left out", metadata: ["error": "\(error)"])
                return nil
            }
        }
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
        return PullOptions(
            policy: options, runtimeHandlers: runtimeHandlers.isEmpty ? nil : Set(runtimeHandlers))
    }

    fileprivate var hosts: HostConfiguration {
        HostConfiguration(directories: registries.hostsDirectories, plainHTTP: Set(registries.plainHTTPHosts))
    }

    var cacheBudget: CacheBudget {
        CacheBudget(
            maxBytes: cache.maxBytes?.bytes, minFreeBytes: cache.minFreeBytes.bytes,
            reserve: VolumeShare(cache.evictionThreshold))
    }
}

extension LayerStoreOptions {
    /// What the configuration says, all of which may change while the store works.
    mutating func take(_ configuration: ImageletConfiguration) {
        readTimeout = configuration.transfers.readTimeout
        maxTransfers = configuration.transfers.maxConcurrent
        fills = configuration.fill.enabled
        fillQuietPeriod = configuration.fill.quietPeriod
        reserve = VolumeShare(configuration.cache.evictionThreshold)
    }
}

extension VolumeShare {
    init(_ share: Share) {
        self =
            switch share {
            case .size(let size): .bytes(size.bytes)
            case .percent(let percent): .percent(percent)
            }
    }
}
