internal import CLinux
internal import Glibc

/// A file descriptor with one owner, closed when the owner goes.
package struct OwnedDescriptor: ~Copyable, Sendable {
    package let rawValue: Int32

    /// Takes over `rawValue`, which nobody else may close from now on.
    package init(taking rawValue: Int32) { self.rawValue = rawValue }

    deinit {
        // A failed close has still closed (close(2), "Dealing with error returns"); only write-back errors would show here, and
        // whoever needs those calls fsync.
        _ = Glibc.close(rawValue)
    }

    /// Gives the descriptor away: the caller closes it.
    package consuming func take() -> Int32 {
        let rawValue = rawValue
        discard self
        return rawValue
    }

    /// A second descriptor of the same open file.
    package borrowing func duplicate() throws(LinuxError) -> OwnedDescriptor {
        try OwnedDescriptor(duplicating: rawValue)
    }

    /// A descriptor of the open file that someone else's `rawValue` stands for.
    package init(duplicating rawValue: Int32) throws(LinuxError) {
        self.init(taking: try system("fcntl", "\(rawValue)") { fcntl(rawValue, F_DUPFD_CLOEXEC, 0) })
    }

    /// What fstat(2) says.
    package borrowing func status() throws(LinuxError) -> FileStatus {
        var raw = stat()
        let descriptor = rawValue
        try system("fstat", "\(descriptor)") { unsafe fstat(descriptor, &raw) }
        return FileStatus(raw)
    }

    /// Opens `path` with `flags` of open(2); O_CLOEXEC is added.
    init(opening path: String, flags: Int32, mode: UInt32 = 0) throws(LinuxError) {
        let descriptor = try system("open", path) { unsafe Glibc.open(path, flags | O_CLOEXEC, mode_t(mode)) }
        self.init(taking: descriptor)
    }

    /// Opens `name` below the directory `parent`, as openat(2) does; O_CLOEXEC is added.
    init(opening name: String, in parent: borrowing OwnedDescriptor, flags: Int32) throws(LinuxError) {
        let directory = parent.rawValue
        let descriptor = try system("openat", name) { unsafe Glibc.openat(directory, name, flags | O_CLOEXEC) }
        self.init(taking: descriptor)
    }
}

extension OwnedDescriptor {
    /// Opens a device node to read and write.
    package init(device path: String) throws(LinuxError) { try self.init(opening: path, flags: O_RDWR) }

    /// Names the object at `path` without opening it (O_PATH); a file system isn't asked about its root.
    package init(naming path: String) throws(LinuxError) {
        self.init(taking: try system("open", path) { unsafe imagelet_open_path(path) })
    }
}
