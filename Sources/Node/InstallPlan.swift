package import Config

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
        try Self.checkKernel(root, configuration)
        let files = PlanFiles(root: root, record: record)
        let runtime = try RuntimeKind.find(in: root, wanted: wish.runtime)
        var units = runtime.units
        if wish.kubelet, runtime != .k3s, runtime != .rke2 { units.append("kubelet.service") }
        let present = units.filter { unit in Self.unitDirectories.contains { root.exists("\($0)/\(unit)") } }
        let socket =
            runtime == .crio ? try StoragePlan(files: files, configuration: configuration).foreignSocket() : nil
        var changes = [try files.new(Self.ownDropIn, Self.ownText(runtime, socket: socket))]
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
            changes += try StoragePlan(files: files, configuration: configuration).changes()
            if wish.kubelet { changes += try KubeletPlan(files: files, configuration: configuration).changes() }
        }
        self.runtime = runtime
        kubelet = wish.kubelet
        self.changes = changes
        restarts = ["imagelet.service"] + present
    }

    /// All changes as `diff -u` writes them.
    package var diff: String { changes.map(\.diff).joined() }

    /// What the kernel cannot do containerd must not be told: pods that rely on it would not start.
    private static func checkKernel(
        _ root: NodeRoot, _ configuration: ImageletConfiguration
    ) throws(NodeError) {
        guard configuration.idMappedMounts, let text = try root.text(KernelVersion.file),
            let version = KernelVersion(text), version < .mappingFUSE
        else { return }
        throw NodeError(
            .unsupported,
            """
            idMappedMounts is on in imagelet's configuration, and Linux \(version) does not map ids of FUSE (\(KernelVersion.mappingFUSE) \
            does): turn it off, then the images of pods with user namespaces are pulled plainly
            """)
    }

    /// - Parameter socket: the runtime's, where it is not in its usual place.
    private static func ownText(_ runtime: RuntimeKind, socket: String?) -> String {
        var text = "# \(ContainerdPlan.heading[0])\nruntime: \(runtime == .crio ? "crio" : "containerd")\n"
        let rancher = runtime == .k3s || runtime == .rke2 ? "/run/k3s/containerd/containerd.sock" : nil
        if let socket = socket ?? rancher { text += "sockets:\n  runtime: \(socket)\n" }
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
