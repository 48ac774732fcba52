internal import Config

/// How nodeadm is told about us: it merges `/etc/eks/nodeadm.d` with the user data at every boot, and writes containerd's and the kubelet's
/// configuration anew. So this counts from the next boot on.
struct NodeadmPlan {
    static let directory = "/etc/eks/nodeadm.d"

    let files: PlanFiles
    let configuration: ImageletConfiguration

    /// - Throws: if another file there gives containerd to another snapshotter.
    func changes(kubelet: Bool) throws(NodeError) -> [FileChange] {
        for path in ["yaml", "yml", "json"].flatMap({ files.matches("\(Self.directory)/*.\($0)") }) {
            let text = try files.text(path) ?? ""
            // The feature turns containerd over to soci.
            guard !text.contains("FastImagePull"), !text.contains("snapshotter") else {
                throw NodeError(
                    .foreign, "\(path) chooses a snapshotter (or FastImagePull, which does); take that out first")
            }
        }
        return [try files.new("\(Self.directory)/90-imagelet.yaml", Self.text(configuration, kubelet: kubelet))]
    }

    static func text(_ configuration: ImageletConfiguration, kubelet: Bool) -> String {
        let settings = ContainerdSettings.tables(version: 3, configuration).tables
        let lines = settings.flatMap { [$0.header] + $0.lines }.map { "      \($0)\n" }
        var text = """
            # \(ContainerdPlan.heading[0])
            apiVersion: node.eks.aws/v1alpha1
            kind: NodeConfig
            spec:
              containerd:
                config: |
            \(lines.joined())
            """
        if kubelet {
            text += "  kubelet:\n    config:\n      imageServiceEndpoint: unix://\(configuration.sockets.cri)\n"
        }
        return text
    }
}
