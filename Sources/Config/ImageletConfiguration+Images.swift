extension ImageletConfiguration {
    /// How it is decided whether an image is streamed, prefetched or pulled.
    package struct Policy: ConfigurationSection {
        /// Images of at most this compressed size are pulled plainly; 0 to 1 PiB. Default: 250 MiB.
        package var streamThreshold = ByteCount.mebibytes(250)
        /// Layers smaller than this need no table of contents for their image to stream; 0 to 1 TiB. Default: 10 MiB.
        package var smallLayer = ByteCount.mebibytes(10)
        /// Strategies for images by name; the first that matches counts. Default: none.
        package var rules: [Rule] = []

        package init() {}

        static var fields: [Field<Policy>] {
            [
                .value("streamThreshold", \.streamThreshold, .size(ByteCount(0)...ByteCount(1 << 50))),
                .value("smallLayer", \.smallLayer, .size(ByteCount(0)...ByteCount(1 << 40))),
                .sections("rules", \.rules, maximumCount: 1000),
            ]
        }
    }

    package struct Rule: ConfigurationSection {
        /// A pattern over full image names: `docker.io/library/python:3.*`, `registry.example/team/**`.
        package var match = ""
        /// What is done with images that match, if it is possible.
        package var strategy = Strategy.stream

        package enum Strategy: String, Sendable, CaseIterable {
            case stream, prefetch, pull
        }

        package init() {}

        static var fields: [Field<Rule>] {
            [
                .value("match", \.match, .imagePattern, isRequired: true),
                .value("strategy", \.strategy, .choice, isRequired: true),
            ]
        }
    }

    /// Where registries are, and how one logs in.
    package struct Registries: ConfigurationSection {
        /// Directories in containerd's `certs.d` layout, searched in order; the first that has a directory for a host
        /// decides about it. Default: `/etc/imagelet/certs.d`, `/etc/containerd/certs.d`.
        package var hostsDirectories = ["/etc/imagelet/certs.d", "/etc/containerd/certs.d"]
        /// A Docker `config.json` with logins and credential helpers, for requests that bring no credentials.
        /// Default: none.
        package var dockerConfig: String?
        /// The kubelet's plugins that give credentials.
        package var credentialProviders = CredentialProviders()
        /// Hosts that are spoken to without TLS although they are not on this machine. Default: none.
        package var plainHTTPHosts: [String] = []

        package init() {}

        static var fields: [Field<Registries>] {
            [
                .list("hostsDirectories", \.hostsDirectories, of: .absolutePath(), maximumCount: 16).live,
                .optional("dockerConfig", \.dockerConfig, .absolutePath()),
                .section("credentialProviders", \.credentialProviders),
                .list("plainHTTPHosts", \.plainHTTPHosts, of: .host, maximumCount: 256).live,
            ]
        }
    }
    /// Where the kubelet's credential-provider plugins are; both or neither.
    package struct CredentialProviders: ConfigurationSection {
        /// The kubelet's own `--image-credential-provider-config`, kind `CredentialProviderConfig`. Default: none.
        package var config: String?
        /// The kubelet's own `--image-credential-provider-bin-dir`. Default: none.
        package var binDirectory: String?

        package init() {}

        static var fields: [Field<CredentialProviders>] {
            [
                .optional("config", \.config, .absolutePath()),
                .optional("binDirectory", \.binDirectory, .absolutePath()),
            ]
        }
    }
}
