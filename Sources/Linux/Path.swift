internal import Glibc

/// Single names of the file system: what they are, renaming, removing, replacing.
package enum Path {
    /// Whether anything has this name; a symlink counts whatever it points at.
    /// - Throws: if that cannot be told (no permission, I/O error): unknown is not absent.
    package static func exists(_ path: String) throws(LinuxError) -> Bool {
        do {
            _ = try FileStatus(path)
            return true
        } catch let error where error.errno == .noEntry || error.errno == .notDirectory {
            return false
        }
    }

    /// Removes a file, symlink or node that isn't a directory.
    /// - Returns: false if there was none.
    @discardableResult
    package static func remove(_ path: String) throws(LinuxError) -> Bool {
        do {
            try system("unlink", path) { unsafe unlink(path) }
            return true
        } catch let error where error.errno == .noEntry {
            return false
        }
    }

    /// Gives `source` the name `destination`, in one step, replacing a file that has it.
    package static func rename(_ source: String, to destination: String) throws(LinuxError) {
        try system("rename", "\(source) to \(destination)") { unsafe Glibc.rename(source, destination) }
    }

    /// Makes `path` a file of exactly these pieces, one after the other: written aside, synced, renamed, the directory synced. After
    /// a crash `path` is the old file or the new one, whole. Two writers of one path at a time are the caller's mistake.
    package static func replace(
        _ path: String, with pieces: [[UInt8]], permissions: UInt32 = 0o600
    ) throws(LinuxError) {
        let aside = path + ".new"
        try remove(aside)
        do {
            let file = try File(aside, .createExclusive, permissions: permissions)
            var offset: Int64 = 0
            for piece in pieces {
                try file.write(piece, at: offset)
                offset += Int64(piece.count)
            }
            try file.sync()
            try rename(aside, to: path)
        } catch {
            // The first error tells more than one about cleaning up.
            _ = try? remove(aside)
            throw error
        }
        try Directory.sync(parent(of: path))
    }

    /// All bytes of the file at `path`.
    /// - Throws: also EFBIG if it is longer than `cap` bytes.
    package static func read(_ path: String, cap: Int) throws(LinuxError) -> [UInt8] {
        let file = try File(path)
        let size = try file.size()
        guard size <= Int64(cap) else { throw LinuxError(Errno(rawValue: EFBIG), "read", path) }
        return try file.read(at: 0, count: Int(size))
    }

    /// The text a symlink holds.
    package static func linkTarget(_ path: String) throws(LinuxError) -> [UInt8] {
        // A symlink holds less than PATH_MAX bytes (symlink(7)).
        var target = [UInt8](repeating: 0, count: Int(PATH_MAX))
        let count = try system("readlink", path) {
            unsafe target.withUnsafeMutableBufferPointer { buffer in
                guard let start = buffer.baseAddress else { return 0 }
                return unsafe start.withMemoryRebound(to: CChar.self, capacity: buffer.count) {
                    unsafe readlink(path, $0, buffer.count)
                }
            }
        }
        target.removeLast(target.count - count)
        return target
    }

    /// `path` absolute, with no symlinks above its last name; that name itself is not looked at, so that this works on a dead mount.
    package static func resolvingParents(of path: String) throws(LinuxError) -> String {
        let trimmed = path.utf8.count > 1 && path.utf8.last == UInt8(ascii: "/") ? String(path.dropLast()) : path
        let above = parent(of: trimmed)
        guard let name = trimmed.split(separator: "/").last else { return "/" }
        let directory = try resolved(above)
        return directory == "/" ? "/\(name)" : "\(directory)/\(name)"
    }

    /// `path` absolute, with no symlinks at all.
    package static func resolved(_ path: String) throws(LinuxError) -> String {
        guard let resolved = unsafe realpath(path, nil) else { throw LinuxError(.current, "realpath", path) }
        defer { unsafe free(resolved) }
        return unsafe String(cString: resolved)
    }

    /// The directory `path` is in, by the letters of the path: "/a/b" → "/a", "b" → ".".
    package static func parent(of path: String) -> String {
        guard let slash = path.utf8.lastIndex(of: UInt8(ascii: "/")) else { return "." }
        let parent = path[..<slash]
        return parent.isEmpty ? "/" : String(parent)
    }
}
