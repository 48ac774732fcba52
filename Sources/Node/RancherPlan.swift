internal import Config
internal import TOML

/// Where and how k3s and RKE2 are told about us: by drop-ins of theirs, which they merge at every start.
struct RancherPlan {
    private let runtime: RuntimeKind
    private let files: PlanFiles
    private let configuration: ImageletConfiguration

    init(_ runtime: RuntimeKind, _ files: PlanFiles, _ configuration: ImageletConfiguration) {
        self.runtime = runtime
        self.files = files
        self.configuration = configuration
    }

    /// - Throws: if this version writes a containerd configuration that imports nothing.
    func changes(kubelet: Bool) throws(NodeError) -> [FileChange] {
        let directory = "/var/lib/rancher/\(runtime.rawValue)/agent/etc/containerd"
        let generated = "\(directory)/config.toml"
        let imports = "\(directory)/config-v3.toml.d"
        guard let text = try files.text(generated) else {
            throw NodeError(
                .notFound,
                "\(generated) is not there: start \(runtime.rawValue) once, so that it can be seen what it reads")
        }
        guard let table = try? TOMLTable(parsing: text), table["version"] == .other("3"),
            table.strings("imports")?.contains("\(imports)/*.toml") == true
        else {
            throw NodeError(
                .unsupported,
                "this \(runtime.rawValue) does not import \(imports)/*.toml; see manifests/containerd/k3s.md for its template"
            )
        }
        let settings = ContainerdSettings.tables(version: 3, configuration)
        var changes = [
            try files.new(
                "\(imports)/\(ContainerdPlan.name)", settings.document(version: 3, heading: ContainerdPlan.heading))
        ]
        if kubelet {
            changes.append(
                try files.new(
                    "/etc/rancher/\(runtime.rawValue)/config.yaml.d/90-imagelet.yaml",
                    """
                    # \(ContainerdPlan.heading[0])
                    image-service-endpoint: unix://\(configuration.sockets.cri)

                    """))
        }
        return changes
    }
}
