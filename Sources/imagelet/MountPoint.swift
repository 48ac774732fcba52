internal import Linux

/// Directories people name, as the kernel names mounts.
enum MountPoint {
    /// Absolute, without symlinks.
    /// - Throws: ``CommandError`` if it is no existing directory.
    static func resolve(_ directory: String) throws -> String {
        do throws(LinuxError) {
            // All above the dot is the directory itself.
            let dotted = try Path.resolvingParents(of: directory.isEmpty ? "./." : "\(directory)/.")
            let path = dotted == "/." ? "/" : String(dotted.dropLast("/.".count))
            guard try FileStatus(path).kind == .directory else { throw LinuxError(.notDirectory, "mount", path) }
            return path
        } catch {
            throw CommandError(
                .notFound, "\(directory): \(error.errno); make the directory first: mkdir -p \(directory)")
        }
    }
}
