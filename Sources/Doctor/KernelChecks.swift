internal import Node

/// Which of the kernel's features there are, by its version.
struct KernelCheck: Check {
    let name = "kernel"
    private static let file = KernelVersion.file

    func examine(_ node: Surroundings) async -> Diagnosis {
        guard let text = node.host.text(Self.file), let version = KernelVersion(text) else {
            return .warning(Self.file, "no version that can be read", "check that /proc is mounted")
        }
        let found = "Linux \(version)"
        if version < KernelVersion(5, 11) {
            return .bad(Self.file, found, "a kernel of at least 5.11 is needed; 6.9 or later is better")
        }
        if version < KernelVersion(6, 9) {
            return .warning(
                Self.file, "\(found): reads in flight while the daemon crashes are lost, and no FUSE passthrough",
                "a kernel of 6.9 or later asks again")
        }
        if version < .mappingFUSE {
            return .note(
                Self.file,
                "\(found): no EROFS from files and no id-mapped FUSE mounts, so the images of pods with user namespaces are pulled plainly"
            )
        }
        return .good(
            Self.file, "\(found): asks again after a crash; FUSE passthrough, EROFS from files, id-mapped mounts")
    }
}

/// Whether the file systems we build on are there.
struct FileSystemsCheck: Check {
    let name = "file systems"
    private static let file = "/proc/filesystems"

    func examine(_ node: Surroundings) async -> Diagnosis {
        let lines = (node.host.text(Self.file) ?? "").split(separator: "\n")
        let known = Set(lines.compactMap { $0.split(separator: "\t").last.map(String.init) })
        let missing = ["fuse", "overlay"].filter { !known.contains($0) }
        guard missing.isEmpty else {
            return .bad(
                Self.file, "no \(missing.joined(separator: ", no "))",
                "modprobe \(missing.joined(separator: " ")); to load them at boot, name them in /etc/modules-load.d")
        }
        guard known.contains("erofs") else {
            return .note(Self.file, "fuse and overlay; no erofs, by which metadata would be faster", "modprobe erofs")
        }
        return .good(Self.file, "fuse, overlay and erofs")
    }
}

/// Whether the daemon can talk to FUSE at all.
struct FuseDeviceCheck: Check {
    let name = "FUSE device"

    func examine(_ node: Surroundings) async -> Diagnosis {
        node.host.names(in: "/dev").contains("fuse")
            ? .good("/dev/fuse", "it is there") : .bad("/dev/fuse", "it is not there", "modprobe fuse")
    }
}
