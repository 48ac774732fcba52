package import Config
internal import Linux

/// What setting up a node changes: files before, files after. Made without touching anything.
package struct InstallPlan: Sendable, Equatable {
    /// What is asked for.
    package struct Wish: Sendable {
        /// Nil: whatever is there.
        package var runtime: RuntimeKind?
        /// Whether the kubelet is to ask us for images.
        package var kubelet = false

        package init(runtime: RuntimeKind? = nil, kubelet: Bool = false) {
            self.runtime = runtime
            self.kubelet = kubelet
        }
    }

    static let ownDropIn = "/etc/imagelet/config.d/90-node.yaml"
    private static let unitDirectories = ["/etc/systemd/system", "/usr/lib/systemd/system", "/lib/systemd/system"]

    package var runtime: RuntimeKind
    package var kubelet: Bool
    /// In the order they are written: what tells others about us comes last.
    package var changes: [FileChange]
    /// Units that must be restarted for the changes to count, in that order.
    package var restarts: [String]

    /// What the node needs to run its containers on our layers.
    /// - Parameters:
    ///   - configuration: imagelet's own, as it stands on the node.
    ///   - record: of an earlier installation.
    /// - Throws: if anything of it is not ours to change, or no such runtime is here.
    package init(
        for wish: Wish, in root: NodeRoot, _ configuration: ImageletConfiguration, record: InstallRecord? = nil
    ) throws(NodeError) {
        let files = PlanFiles(root: root, record: record)
        let runtime = try RuntimeKind.find(in: root, wanted: wish.runtime)
        var units = runtime.units
        if wish.kubelet, runtime != .k3s, runtime != .rke2 { units.append("kubelet.service") }
        let present = units.filter { unit in Self.unitDirectories.contains { root.exists("\($0)/\(unit)") } }
        var changes = [try files.new(Self.ownDropIn, Self.ownText(runtime))]
        for unit in present {
            changes.append(try files.new("/etc/systemd/system/\(unit).d/10-imagelet.conf", Self.unitText))
        }
        switch runtime {
        case .containerd:
            changes += try ContainerdPlan(files: files, configuration: configuration).changes()
            if wish.kubelet { changes += try KubeletPlan(files: files, configuration: configuration).changes() }
        case .k3s, .rke2:
            changes += try RancherPlan(runtime, files, configuration).changes(kubelet: wish.kubelet)
        case .nodeadm:
            changes += try NodeadmPlan(files: files, configuration: configuration).changes(kubelet: wish.kubelet)
        case .crio:
            throw NodeError(
                .unsupported, "this imagelet cannot give layers to CRI-O yet; it works beside it as 'runtime: none'")
        }
        self.runtime = runtime
        kubelet = wish.kubelet
        self.changes = changes
        restarts = ["imagelet.service"] + present
    }

    /// All changes as `diff -u` writes them.
    package var diff: String { changes.map(\.diff).joined() }

    private static func ownText(_ runtime: RuntimeKind) -> String {
        var text = "# \(ContainerdPlan.heading[0])\nruntime: containerd\n"
        if runtime == .k3s || runtime == .rke2 {
            text += "sockets:\n  runtime: /run/k3s/containerd/containerd.sock\n"
        }
        return text
    }

    /// As in `manifests/systemd/10-imagelet.conf`.
    static let unitText = """
        # For whoever needs imagelet to be there first: containerd.service.d, crio.service.d, kubelet.service.d, k3s.service.d and the like
        # below /etc/systemd/system. Not Requires=: a restart of imagelet must not be one of this unit.
        [Unit]
        Wants=imagelet.service
        After=imagelet.service

        """
}
