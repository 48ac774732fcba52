/// Words of overlayfs (kernel documentation, filesystems/overlayfs).
package enum Overlay {
    /// `path` as the value of `upperdir=` and `workdir=`. Options are split at commas unless a backslash stands before them.
    package static func option(_ path: String) -> String { escaped(path, ["\\", ","]) }

    /// `paths`, top first, as the value of `lowerdir=`, which is split at colons, too.
    package static func lowerOption(_ paths: [String]) -> String {
        paths.map { escaped($0, ["\\", ",", ":"]) }.joined(separator: ":")
    }

    /// Whether this kernel's overlayfs knows the option `index`.
    package static var hasIndex: Bool { (try? Path.exists("/sys/module/overlay/parameters/index")) ?? false }

    private static func escaped(_ path: String, _ separators: Set<Character>) -> String {
        path.map { separators.contains($0) ? "\\\($0)" : "\($0)" }.joined()
    }
}
