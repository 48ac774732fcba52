internal import CLinux
internal import Glibc

/// Directories: made, listed, synced, measured and removed.
package enum Directory {
    /// Makes `path` and what is missing above it. A directory that is there is left as it is.
    /// - Parameter permissions: of every directory that is made, before the umask.
    package static func create(_ path: String, permissions: UInt32 = 0o700) throws(LinuxError) {
        do {
            try system("mkdir", path) { unsafe mkdir(path, mode_t(permissions)) }
        } catch {
            switch error.errno {
            case .noEntry:
                let parent = Path.parent(of: path)
                guard parent != path, parent != "." else { throw error }
                try create(parent, permissions: permissions)
                try create(path, permissions: permissions)
            case .exists where isDirectory(path): return
            default: throw error
            }
        }
    }

    /// Follows symlinks, as mkdir -p does.
    private static func isDirectory(_ path: String) -> Bool {
        var raw = stat()
        return unsafe stat(path, &raw) == 0 && raw.st_mode & S_IFMT == S_IFDIR
    }

    /// The names in `path`, without "." and "..", sorted by their letters. Names that aren't UTF-8 are repaired, so don't use this on
    /// directories that others fill.
    package static func entries(of path: String) throws(LinuxError) -> [String] {
        let directory = try OwnedDescriptor(opening: path, flags: O_RDONLY | O_DIRECTORY)
        return try names(in: directory, path).map { String(decoding: $0, as: UTF8.self) }.sorted()
    }

    /// Returns when the names in `path` are on the disk.
    package static func sync(_ path: String) throws(LinuxError) {
        let directory = try OwnedDescriptor(opening: path, flags: O_RDONLY | O_DIRECTORY)
        let descriptor = directory.rawValue
        try system("fsync", path) { fsync(descriptor) }
    }

    /// Removes an empty directory.
    /// - Returns: false if there was none.
    @discardableResult
    package static func remove(_ path: String) throws(LinuxError) -> Bool {
        do {
            try system("rmdir", path) { unsafe rmdir(path) }
            return true
        } catch let error where error.errno == .noEntry {
            return false
        }
    }
}
