internal import Linux

/// Directories people name, as the kernel names mounts.
enum MountPoint {
    /// Absolute, without symlinks.
    /// - Throws: ``CommandError`` if it is no existing directory.
    static func resolve(_ directory: String) throws -> String {
        do throws(LinuxError) {
            var path = try Path.resolvingParents(of: directory.isEmpty ? "." : directory)
            while path.count > 1, path.hasSuffix("/") { path.removeLast() }
            guard try FileStatus(path).kind == .directory else {
                throw LinuxError(.notDirectory, "mount", path)
            }
            return path
        } catch {
            throw CommandError(.notFound, "\(directory): \(error.errno); make the directory first: mkdir -p \(directory)")
        }
    }
}
