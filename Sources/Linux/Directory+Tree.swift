internal import CLinux
internal import Glibc

extension Directory {
    /// Removes `path` and all below it. Symlinks are removed, not followed.
    /// - Returns: false if there was nothing.
    /// - Throws: EXDEV if there is a mount point in it; what was removed until then stays removed.
    @discardableResult
    package static func removeTree(_ path: String) throws(LinuxError) -> Bool {
        do {
            guard try FileStatus(path).kind == .directory else { return try Path.remove(path) }
        } catch let error where error.errno == .noEntry {
            return false
        }
        try TreeWalk.visit(path) { directory, name, status throws(LinuxError) in
            let flags = status.st_mode & S_IFMT == S_IFDIR ? AT_REMOVEDIR : 0
            try system("unlinkat", path) { unsafe unlinkat(directory, name, flags) }
        }
        return true
    }

    /// Bytes on the disk and inodes, `path` itself included; a file with several names counts once. The tree may change meanwhile: what
    /// vanishes before it is looked at does not count.
    /// - Throws: ESTALE if directories are moved about all the time.
    package static func usage(of path: String) throws(LinuxError) -> (bytes: Int64, inodes: Int64) {
        for _ in 0..<3 {
            do throws(LinuxError) {
                return try usageOnce(of: path)
            } catch let error where error.errno == .stale {
                continue
            }
        }
        return try usageOnce(of: path)
    }

    private static func usageOnce(of path: String) throws(LinuxError) -> (bytes: Int64, inodes: Int64) {
        var bytes: Int64 = 0
        var inodes: Int64 = 0
        var linked: Set<UInt> = []
        try TreeWalk.visit(path, mayChange: true) { _, _, status throws(LinuxError) in
            let hasOneName = status.st_mode & S_IFMT == S_IFDIR || status.st_nlink < 2
            guard hasOneName || linked.insert(status.st_ino).inserted else { return }
            bytes += Int64(status.st_blocks) * 512
            inodes += 1
        }
        return (bytes, inodes)
    }

    /// The names in an open directory, without "." and "..", in the file system's order.
    static func names(in directory: borrowing OwnedDescriptor, _ path: String) throws(LinuxError) -> [[UInt8]] {
        // fdopendir takes its descriptor over.
        let original = directory.rawValue
        let copy = try system("fcntl", path) { fcntl(original, F_DUPFD_CLOEXEC, 0) }
        guard let stream = unsafe fdopendir(copy) else {
            let error = LinuxError(.current, "fdopendir", path)
            _ = close(copy)
            throw error
        }
        defer { unsafe closedir(stream) }
        var names: [[UInt8]] = []
        while true {
            errno = 0
            guard let entry = unsafe readdir(stream) else {
                guard errno == 0 else { throw LinuxError(.current, "readdir", path) }
                return names
            }
            let name = unsafe withUnsafeBytes(of: &entry.pointee.d_name) { bytes in
                unsafe [UInt8](bytes.prefix { $0 != 0 })
            }
            if name != [UInt8(ascii: ".")], name != [UInt8(ascii: "."), UInt8(ascii: ".")] { names.append(name) }
        }
    }
}
