internal import Glibc

extension Path {
    /// Gives `path` itself, be it a symlink, to another owner; that takes setuid and setgid bits off files.
    package static func setOwner(_ path: String, uid: UInt32, gid: UInt32) throws(LinuxError) {
        try system("lchown", path) { unsafe lchown(path, uid, gid) }
    }

    /// Sets permission, setuid, setgid and sticky bits (07777), whatever the umask; symlinks are followed.
    package static func setMode(_ path: String, _ mode: UInt32) throws(LinuxError) {
        try system("chmod", path) { unsafe chmod(path, mode_t(mode)) }
    }
}
