extension ImageletConfiguration {
    /// Metrics and health over HTTP: `/metrics`, `/livez` and `/readyz`, without TLS and without a login.
    package struct Metrics: ConfigurationSection {
        /// Where they are served; whoever can connect may read them. Default: nowhere.
        package var address: ListenAddress?

        package init() {}

        static var fields: [Field<Metrics>] { [.optional("address", \.address, .listenAddress)] }
    }

    /// Pulls, fills and the waits of readers as traces of OpenTelemetry.
    package struct Traces: ConfigurationSection {
        /// Where a collector takes OTLP over HTTP: `http://127.0.0.1:4318/v1/traces`. Names of images and files are in it.
        /// Default: nowhere.
        package var endpoint: String?

        package init() {}

        static var fields: [Field<Traces>] { [.optional("endpoint", \.endpoint, .webAddress)] }
    }

    package struct Log: ConfigurationSection {
        /// The least important lines to write. Default: `info`.
        package var level = Level.info
        /// The same for single parts of the daemon.
        package var levels = Levels()

        package enum Level: String, Sendable, CaseIterable {
            case trace, debug, info, notice, warning, error, critical
        }

        package init() {}

        static var fields: [Field<Log>] { [.value("level", \.level, .choice), .section("levels", \.levels)] }
    }

    /// Levels of parts that differ from the rest. Default: none does.
    package struct Levels: ConfigurationSection {
        package private(set) var parts: [Part: Log.Level] = [:]

        package enum Part: String, Sendable, CaseIterable {
            /// Requests of kubelet and crictl.
            case cri
            /// Requests of containerd for snapshots.
            case snapshots
            /// Pulls and what they decide.
            case images
            /// Talk with registries.
            case registry
            /// Transfers, fill and checks of layers.
            case layers
            /// Reads of the mounted layers.
            case store
            /// Start, stop, sockets and all that belongs to no other part.
            case daemon
        }

        package init() {}

        package subscript(part: Part) -> Log.Level? {
            get { parts[part] }
            set { parts[part] = newValue }
        }

        static var fields: [Field<Levels>] { Part.allCases.map { .optional($0.rawValue, \.[$0], .choice) } }
    }
}
