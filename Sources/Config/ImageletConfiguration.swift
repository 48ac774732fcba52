/// The whole configuration of the daemon, `/etc/imagelet/config.yaml`. What is not written there has the default
/// declared here.
package struct ImageletConfiguration: Sendable, Equatable {
    package static let apiVersion = "imagelet.dev/v1alpha1"
    package static let kind = "ImageletConfiguration"
    /// The file that is read when none is named; it may be missing.
    package static let defaultPath = "/etc/imagelet/config.yaml"

    /// Where images, layers and the state database live; on a local file system. Default: `/var/lib/imagelet`.
    package var rootDirectory = "/var/lib/imagelet"
    /// The container runtime behind imagelet. Default: `none`, a complete image service by itself.
    package var runtime = Runtime.none
    /// Runtime handlers whose pods take layers from imagelet, where not all do (RuntimeClass). Default: none, all do.
    package var runtimeHandlers: [String] = []
    /// Whether containerd's proxy plugin has the capability `remap-ids`. Default: false.
    package var idMappedMounts = false
    package var sockets = Sockets()
    package var policy = Policy()
    package var registries = Registries()
    package var transfers = Transfers()
    package var fill = Fill()
    package var layers = Layers()
    package var cache = Cache()
    package var metrics = Metrics()
    package var traces = Traces()
    package var log = Log()

    package init() {}

    /// The listing of layers that clients on containers/storage read.
    package var imageStore: String { rootDirectory + "/images" }

    package enum Runtime: String, Sendable, CaseIterable {
        /// Nobody: imagelet keeps the image records itself.
        case none
        /// containerd takes layers from our snapshotter; the CRI is passed on to it.
        case containerd
        /// CRI-O reads our listing of layers beside its own store; the CRI is passed on to it.
        case crio

        /// Where its socket is, unless the configuration says otherwise.
        package var socket: String {
            switch self {
            case .none, .containerd: "/run/containerd/containerd.sock"
            case .crio: "/var/run/crio/crio.sock"
            }
        }
    }

    /// Unix sockets. Ours are made with mode 0600.
    package struct Sockets: ConfigurationSection {
        /// The CRI image service, for the kubelet and crictl. Default: `/run/imagelet/imagelet.sock`.
        package var cri = "/run/imagelet/imagelet.sock"
        /// What `imagelet status`, `mount` and `unmount` ask. Default: `/run/imagelet/admin.sock`.
        package var admin = "/run/imagelet/admin.sock"
        /// Where containerd asks for snapshots; made with `runtime: containerd` only. Default:
        /// `/run/imagelet/snapshots.sock`.
        package var snapshots = "/run/imagelet/snapshots.sock"
        /// The socket of the runtime itself, which imagelet connects to. Default: `/run/containerd/containerd.sock`, with `runtime: crio`
        /// `/var/run/crio/crio.sock`.
        package var runtime = Runtime.containerd.socket

        package init() {}

        static var fields: [Field<Sockets>] {
            [
                .value("cri", \.cri, .socketPath),
                .value("admin", \.admin, .socketPath),
                .value("snapshots", \.snapshots, .socketPath),
                .value("runtime", \.runtime, .socketPath),
            ]
        }
    }

    /// How bytes move.
    package struct Transfers: ConfigurationSection {
        /// Requests for blobs in flight at once, all layers together; 1 to 256. Default: 16.
        package var maxConcurrent = 16
        /// How long a reader waits for bytes that do not come before its read fails; 1 s to 1 h. Default: 30 s.
        package var readTimeout = Duration.seconds(30)

        package init() {}

        static var fields: [Field<Transfers>] {
            [
                .value("maxConcurrent", \.maxConcurrent, .count(1...256)),
                .value("readTimeout", \.readTimeout, .duration(.seconds(1) ... .seconds(3600))),
            ]
        }
    }

    /// Bringing in the rest of streamed layers in the background.
    package struct Fill: ConfigurationSection {
        /// Whether streamed layers become complete by themselves. Default: true.
        package var enabled = true
        /// How long nothing of a layer was asked for before its fill begins; 0 s to 1 h. Default: 10 s.
        package var quietPeriod = Duration.seconds(10)

        package init() {}

        static var fields: [Field<Fill>] {
            [
                .value("enabled", \.enabled, .truth),
                .value("quietPeriod", \.quietPeriod, .duration(.zero ... .seconds(3600))),
            ]
        }
    }
}

extension ImageletConfiguration {
    /// How layers are shown to containers.
    package struct Layers: ConfigurationSection {
        /// Whether complete layers are mounted as EROFS, where the kernel can. Default: true.
        package var directMounts = true

        package init() {}

        static var fields: [Field<Layers>] { [.value("directMounts", \.directMounts, .truth)] }
    }
}

extension ImageletConfiguration: ConfigurationSection {
    static var fields: [Field<ImageletConfiguration>] {
        [
            .value("rootDirectory", \.rootDirectory, .absolutePath()),
            .value("runtime", \.runtime, .choice),
            .list("runtimeHandlers", \.runtimeHandlers, of: .label, maximumCount: 64).live,
            .value("idMappedMounts", \.idMappedMounts, .truth),
            .section("sockets", \.sockets),
            .section("policy", \.policy).live,
            .section("registries", \.registries),
            .section("transfers", \.transfers).live,
            .section("fill", \.fill).live,
            .section("layers", \.layers),
            .section("cache", \.cache).live,
            .section("metrics", \.metrics),
            .section("traces", \.traces),
            .section("log", \.log).live,
        ]
    }
}
