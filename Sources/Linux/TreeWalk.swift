internal import CLinux
internal import Glibc

/// Goes through a directory tree by descriptors: no symlink is followed, no other mount is entered, and any depth takes two descriptors.
struct TreeWalk {
    /// A directory on the way from the top to where the walk is.
    private struct Level {
        /// Name in the directory above, NUL-terminated.
        var name: [CChar]
        var device: UInt
        var inode: UInt
        /// Subdirectories still to be visited.
        var pending: [[CChar]]
    }

    private let path: String
    private let mayChange: Bool
    private var levels: [Level] = []

    /// Visits all that is below `path`, directories behind their content, `path` itself last. The visitor gets the descriptor of the
    /// directory, the NUL-terminated name in it, and what lstat(2) says.
    ///
    /// - Parameter mayChange: others change the tree meanwhile: what has vanished, and mount points, are passed by.
    /// - Throws: EXDEV for a mount point, ENOTDIR if `path` is no directory, ESTALE if a directory on the way was moved meanwhile.
    static func visit(
        _ path: String, mayChange: Bool = false, _ visitor: (Int32, [CChar], stat) throws(LinuxError) -> Void
    ) throws(LinuxError) {
        var walk = TreeWalk(path: path, mayChange: mayChange)
        try walk.run(visitor)
    }

    private init(path: String, mayChange: Bool) {
        self.path = path
        self.mayChange = mayChange
    }

    private mutating func run(_ visitor: (Int32, [CChar], stat) throws(LinuxError) -> Void) throws(LinuxError) {
        let trimmed = path.utf8.last == UInt8(ascii: "/") ? String(path.dropLast()) : path
        let above = try OwnedDescriptor(opening: Path.parent(of: trimmed), flags: O_RDONLY | O_DIRECTORY)
        let name = trimmed.split(separator: "/").last.map { $0.utf8.map { CChar(bitPattern: $0) } + [0] }
        guard let name else { throw LinuxError(.busy, "open", path) }
        var current = try enter(name, in: above, visitor)
        while let level = levels.indices.last {
            if let next = levels[level].pending.popLast() {
                do throws(LinuxError) {
                    current = try enter(next, in: current, visitor)
                } catch let error where mayChange && Self.passedBy.contains(error.errno) {
                    // Nothing was put on the stack.
                }
                continue
            }
            let done = levels.removeLast()
            let parent = levels.isEmpty ? above.rawValue : try reopenParent(of: current)
            // The directory's own descriptor must be gone first, or NFS leaves a file behind.
            if let status = try lstat(done.name, in: parent) { try visitor(parent, done.name, status) }
            if levels.isEmpty { return }
            current = OwnedDescriptor(taking: parent)
        }
    }

    /// Opens a directory, visits what isn't a directory in it, and puts the rest on the stack.
    private mutating func enter(
        _ name: [CChar], in parent: borrowing OwnedDescriptor,
        _ visitor: (Int32, [CChar], stat) throws(LinuxError) -> Void
    ) throws(LinuxError) -> OwnedDescriptor {
        let descriptor = parent.rawValue
        let opened = try system("openat2", path) { unsafe imagelet_open_directory(descriptor, name) }
        let directory = OwnedDescriptor(taking: opened)
        var raw = stat()
        try system("fstat", path) { unsafe fstat(opened, &raw) }
        var level = Level(name: name, device: raw.st_dev, inode: raw.st_ino, pending: [])
        for entry in try Directory.names(in: directory, path) {
            let entryName = entry.map { CChar(bitPattern: $0) } + [0]
            guard let status = try lstat(entryName, in: opened) else { continue }
            if status.st_mode & S_IFMT == S_IFDIR {
                level.pending.append(entryName)
            } else {
                try visitor(opened, entryName, status)
            }
        }
        levels.append(level)
        return directory
    }

    private func reopenParent(of current: borrowing OwnedDescriptor) throws(LinuxError) -> Int32 {
        let descriptor = current.rawValue
        let above = try system("openat2", path) { unsafe imagelet_open_directory(descriptor, "..") }
        let parent = OwnedDescriptor(taking: above)
        var raw = stat()
        let opened = parent.rawValue
        try system("fstat", path) { unsafe fstat(opened, &raw) }
        guard let level = levels.last, raw.st_dev == level.device, raw.st_ino == level.inode else {
            throw LinuxError(.stale, "openat2", path)
        }
        return parent.take()
    }

    /// Nil if it has vanished and may have.
    private func lstat(_ name: [CChar], in directory: Int32) throws(LinuxError) -> stat? {
        var raw = stat()
        do throws(LinuxError) {
            try system("fstatat", path) { unsafe fstatat(directory, name, &raw, AT_SYMLINK_NOFOLLOW) }
            return raw
        } catch let error where mayChange && error.errno == .noEntry {
            return nil
        }
    }

    /// What entering a directory fails with if it has vanished, became something else, or is a mount point.
    private static let passedBy: [Errno] = [.noEntry, .notDirectory, .symlinkLoop, .crossDevice]
}
