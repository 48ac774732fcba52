internal import Config

/// Whether the daemon can have enough files open.
struct OpenFilesCheck: Check {
    let name = "open files"
    private static let least = 65_536

    func examine(_ node: Surroundings) async -> Diagnosis {
        guard case .says(let daemon) = await node.services.daemon() else {
            return .note("the daemon's limits", "not looked at: the daemon does not answer")
        }
        let file = "/proc/\(daemon.process)/limits"
        // "Max open files            1024                 524288               files"
        let line = node.host.text(file)?.split(separator: "\n").first { $0.hasPrefix("Max open files") }
        guard let words = line?.split(separator: " "), words.count > 3 else {
            return .note(file, "cannot be read", "run this as root")
        }
        if words[3] == "unlimited" { return .good(file, "no limit") }
        guard let limit = Int(words[3]), limit >= Self.least else {
            return .warning(
                file, "\(words[3]) open files: layers and connections may run out of them",
                "LimitNOFILE=1048576 in the unit, as ours has it")
        }
        return .good(file, "\(limit) open files")
    }
}

/// Whether there is room for images.
struct DiskCheck: Check {
    let name = "disk"

    func examine(_ node: Surroundings) async -> Diagnosis {
        let root = node.configuration.rootDirectory
        let lookedAt = "the file system of \(root)"
        guard let space = node.host.space(at: root), space.totalBytes > 0 else {
            return .warning(lookedAt, "cannot be looked at", "check rootDirectory")
        }
        let percent = space.availableBytes * 100 / space.totalBytes
        let found = "\(space.availableBytes >> 20) MiB free (\(percent) %)"
        let advice = "remove images (imagelet rm), or give rootDirectory a larger disk"
        if space.availableBytes < 1 << 30 { return .bad(lookedAt, found, advice) }
        // The kubelet's own garbage collection of images begins at 85 % used.
        if percent < 15 { return .warning(lookedAt, found + ": the kubelet collects images now", advice) }
        return .good(lookedAt, found)
    }
}

/// Whether certificates and tokens are judged by the right time.
struct ClockCheck: Check {
    let name = "clock"

    func examine(_ node: Surroundings) async -> Diagnosis {
        node.host.clockIsSynchronized
            ? .good("the kernel's clock", "kept right")
            : .warning(
                "the kernel's clock", "nobody keeps it right: registries' certificates and tokens may seem expired",
                "run systemd-timesyncd or chrony")
    }
}
