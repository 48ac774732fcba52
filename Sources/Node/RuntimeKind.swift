/// Who runs containers on the node, and so where it is told about us.
package enum RuntimeKind: String, Sendable, CaseIterable {
    case containerd
    case crio
    /// The containerd inside k3s and RKE2, which write its configuration.
    case k3s
    case rke2
    /// EKS on Amazon Linux 2023: nodeadm writes the configuration of containerd and kubelet at every boot.
    case nodeadm

    /// What shows that it is here.
    private var traces: [String] {
        switch self {
        case .containerd:
            ["/usr/bin/containerd", "/usr/local/bin/containerd", "/bin/containerd", "/etc/containerd/config.toml"]
        case .crio: ["/usr/bin/crio", "/usr/local/bin/crio", "/etc/crio"]
        case .k3s: ["/usr/local/bin/k3s", "/etc/rancher/k3s", "/var/lib/rancher/k3s"]
        case .rke2: ["/usr/local/bin/rke2", "/etc/rancher/rke2", "/var/lib/rancher/rke2"]
        case .nodeadm: ["/usr/bin/nodeadm", "/etc/eks/nodeadm.d"]
        }
    }

    /// Units that start it, of which the node has one or more.
    var units: [String] {
        switch self {
        case .containerd, .nodeadm: ["containerd.service"]
        case .crio: ["crio.service"]
        case .k3s: ["k3s.service", "k3s-agent.service"]
        case .rke2: ["rke2-server.service", "rke2-agent.service"]
        }
    }

    /// The one of the node. What brings its own containerd, or writes containerd's configuration, counts before containerd.
    /// - Parameter wanted: what was asked for; containerd may turn out to be k3s's.
    /// - Throws: if there is none, or it is not clear which.
    package static func find(in root: NodeRoot, wanted: RuntimeKind? = nil) throws(NodeError) -> RuntimeKind {
        let found = allCases.filter { kind in kind.traces.contains { root.exists($0) } }
        let special = found.filter { [.k3s, .rke2, .nodeadm].contains($0) }
        if let wanted {
            if wanted == .containerd, let kind = special.first { return kind }
            guard found.contains(wanted) else {
                throw NodeError(
                    .notFound, "no \(wanted.rawValue) here: looked for \(wanted.traces.joined(separator: ", "))")
            }
            return wanted
        }
        if special.count == 1 { return special[0] }
        switch found.count {
        case 1: return found[0]
        case 0:
            let known = allCases.map(\.rawValue).joined(separator: ", ")
            throw NodeError(.notFound, "no container runtime here that is known (\(known)); install one first")
        default:
            let names = found.map(\.rawValue).joined(separator: " and ")
            throw NodeError(.notFound, "\(names) are here; say which one by --runtime")
        }
    }
}
