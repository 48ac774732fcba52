internal import Glibc

/// A listening Unix stream socket with a name in the file system that only its owner may use (0600).
package struct UnixListener: ~Copyable {
    private let descriptor: OwnedDescriptor

    /// Binds and listens. A socket that a dead process left at `path` is removed first.
    /// - Throws: `addressInUse` if a process listens there; `exists` if `path` is something else than a socket; `nameTooLong` above 107
    ///   bytes.
    package init(_ path: String, backlog: Int32 = 128) throws(LinuxError) {
        var address = try Self.address(path)
        try Self.removeStale(path, &address)
        let descriptor = try Self.socket(path)
        let raw = descriptor.rawValue
        // The kernel gives the name the socket's own mode, less the umask (unix_bind): so there is no moment with a wider one, and
        // the process's umask, which other threads share, stays untouched.
        try system("fchmod", path) { fchmod(raw, 0o600) }
        try system("bind", path) { unsafe Self.withAddress(&address) { unsafe bind(raw, $0, $1) } }
        try system("listen", path) { listen(raw, backlog) }
        self.descriptor = descriptor
    }

    /// Gives the listening descriptor away: the caller closes it, and removes the name.
    package consuming func takeDescriptor() -> Int32 { descriptor.take() }

    private static func removeStale(_ path: String, _ address: inout sockaddr_un) throws(LinuxError) {
        do throws(LinuxError) {
            guard try FileStatus(path).kind == .socket else { throw LinuxError(.exists, "bind", path) }
        } catch let error where error.errno == .noEntry {
            return
        }
        let probe = try socket(path)
        let raw = probe.rawValue
        do {
            try system("connect", path) { unsafe withAddress(&address) { unsafe connect(raw, $0, $1) } }
        } catch let error where error.errno == .connectionRefused {
            try Path.remove(path)
            return
        } catch let error where error.errno == .noEntry {
            return
        } catch let error where error.errno == .tryAgain {
            // A full backlog is a listener, too.
        }
        throw LinuxError(.addressInUse, "bind", path)
    }

    private static func socket(_ path: String) throws(LinuxError) -> OwnedDescriptor {
        let type = Int32(SOCK_STREAM.rawValue | SOCK_CLOEXEC.rawValue | SOCK_NONBLOCK.rawValue)
        return OwnedDescriptor(taking: try system("socket", path) { Glibc.socket(AF_UNIX, type, 0) })
    }

    private static func address(_ path: String) throws(LinuxError) -> sockaddr_un {
        var address = sockaddr_un()
        address.sun_family = sa_family_t(AF_UNIX)
        let name = Array(path.utf8)
        let fits = unsafe withUnsafeMutableBytes(of: &address.sun_path) { target in
            guard name.count < target.count, !name.contains(0) else { return false }
            unsafe target.copyBytes(from: name)
            return true
        }
        guard fits else { throw LinuxError(.nameTooLong, "bind", path) }
        return address
    }

    private static func withAddress(
        _ address: inout sockaddr_un, _ body: (UnsafePointer<sockaddr>, socklen_t) -> Int32
    ) -> Int32 {
        unsafe withUnsafePointer(to: &address) { pointer in
            unsafe pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) {
                unsafe body($0, socklen_t(MemoryLayout<sockaddr_un>.size))
            }
        }
    }
}
