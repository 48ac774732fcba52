internal import Glibc

extension Path {
    /// Gives the file at `source` a second name; both are the same file from now on.
    /// - Throws: EEXIST if the name is taken, EXDEV if it lies on another file system.
    package static func link(_ source: String, to name: String) throws(LinuxError) {
        try system("link", "\(source) to \(name)") { unsafe Glibc.link(source, name) }
    }

    /// Makes `name` a symlink that leads to `target`.
    package static func symlink(_ name: String, to target: String) throws(LinuxError) {
        try system("symlink", "\(name) to \(target)") { unsafe Glibc.symlink(target, name) }
    }
}
