internal import Config

/// One line of mountinfo (proc_pid_mountinfo(5)), as far as checks read it.
struct MountLine {
    var path: String
    var type: String
    var isShared: Bool

    init?(_ line: Substring) {
        let fields = line.split(separator: " ")
        guard fields.count > 6, let dash = fields.firstIndex(of: "-"), dash + 1 < fields.count, dash >= 6 else {
            return nil
        }
        path = String(fields[4])
        type = String(fields[dash + 1])
        isShared = fields[6..<dash].contains { $0.hasPrefix("shared:") }
    }

    /// The mounts that init sees, in the order they hide each other.
    static func all(of host: any Machine) -> [MountLine] {
        (host.text("/proc/1/mountinfo") ?? "").split(separator: "\n").compactMap { MountLine($0) }
    }

    /// Whether `path` lies below the mount point.
    func holds(_ path: String) -> Bool {
        self.path == "/" || path == self.path || path.hasPrefix(self.path + "/")
    }
}

/// Whether a mount of ours reaches everyone's namespace.
struct PropagationCheck: Check {
    let name = "mount propagation"

    func examine(_ node: Surroundings) async -> Diagnosis {
        let root = node.configuration.rootDirectory
        let lookedAt = "the mount that \(root) lies on, as init sees it"
        let mounts = MountLine.all(of: node.host).filter { $0.type != "fuse.imagelet" && $0.holds(root) }
        guard let mount = mounts.max(by: { $0.path.utf8.count < $1.path.utf8.count }) else {
            return .warning(lookedAt, "/proc/1/mountinfo cannot be read", "run this as root")
        }
        return mount.isShared
            ? .good(lookedAt, "\(mount.path) is shared")
            : .bad(
                lookedAt, "\(mount.path) is not shared: the runtime may not see our mount",
                "mount --make-rshared \(mount.path), before the daemon and the runtime start")
    }
}

/// Whether the layers can be seen by whoever starts containers.
struct StoreCheck: Check {
    let name = "layer store"

    func examine(_ node: Surroundings) async -> Diagnosis {
        let store = node.configuration.rootDirectory + "/store"
        let lookedAt = "\(store), as init sees it"
        guard case .says = await node.services.daemon() else {
            return .note(lookedAt, "not looked at: the daemon does not answer")
        }
        guard MountLine.all(of: node.host).contains(where: { $0.path == store && $0.type == "fuse.imagelet" }) else {
            return .bad(
                lookedAt, "not mounted there: the daemon has a mount namespace of its own",
                "take PrivateTmp, ProtectSystem and the like out of imagelet.service (see the notes in it)")
        }
        return .good(lookedAt, "mounted")
    }
}
