internal import Glibc

/// A listening Unix socket with a name in the file system that only its owner may use (0600).
package struct UnixListener: ~Copyable, Sendable {
    package enum Kind: Sendable {
        /// Bytes in order (SOCK_STREAM).
        case stream
        /// Messages in order (SOCK_SEQPACKET), for `MessageSocket`.
        case messages

        var raw: Int32 {
            switch self {
            case .stream: Int32(SOCK_STREAM.rawValue)
            case .messages: Int32(SOCK_SEQPACKET.rawValue)
            }
        }
    }

    private let descriptor: OwnedDescriptor

    /// Binds and listens. A socket that a dead process left at `path` is removed first.
    /// - Throws: `addressInUse` if a process listens there; `exists` if `path` is something else than a socket; `nameTooLong` above 107
    ///   bytes.
    package init(_ path: String, kind: Kind = .stream, backlog: Int32 = 128) throws(LinuxError) {
        let address = try UnixAddress(path, for: "bind")
        try Self.removeStale(path, address, kind)
        let descriptor = try Self.socket(path, kind)
        let raw = descriptor.rawValue
        // The kernel gives the name the socket's own mode, less the umask (unix_bind): so there is no moment with a wider one, and
        // the process's umask, which other threads share, stays untouched.
        try system("fchmod", path) { fchmod(raw, 0o600) }
        try address.bind(raw, path)
        try system("listen", path) { listen(raw, backlog) }
        self.descriptor = descriptor
    }

    /// Goes on with a socket that an earlier process bound to `path` and that has listened since.
    /// - Throws: `invalidArgument` if it isn't a stream socket listening there; `noEntry` if its name is gone.
    package init(resuming descriptor: consuming OwnedDescriptor, at path: String) throws(LinuxError) {
        let raw = descriptor.rawValue
        guard try Self.option(SO_ACCEPTCONN, of: raw, path) == 1,
            try Self.option(SO_TYPE, of: raw, path) == Kind.stream.raw,
            try UnixAddress.path(of: raw) == path, try FileStatus(path).kind == .socket
        else { throw LinuxError(.invalidArgument, "listen", path) }
        // It may come from a process that waited in accept(2); here nobody does.
        try system("fcntl", path) { fcntl(raw, F_SETFL, O_NONBLOCK) }
        self.descriptor = descriptor
    }

    /// The same socket once more: it goes on listening until every copy is closed.
    package borrowing func duplicate() throws(LinuxError) -> OwnedDescriptor { try descriptor.duplicate() }

    /// Gives the listening descriptor away: the caller closes it, and removes the name.
    package consuming func takeDescriptor() -> Int32 { descriptor.take() }

    private static func removeStale(_ path: String, _ address: UnixAddress, _ kind: Kind) throws(LinuxError) {
        do throws(LinuxError) {
            guard try FileStatus(path).kind == .socket else { throw LinuxError(.exists, "bind", path) }
        } catch let error where error.errno == .noEntry {
            return
        }
        let probe = try socket(path, kind)
        do {
            try address.connect(probe.rawValue, path)
        } catch let error where error.errno == .connectionRefused {
            try Path.remove(path)
            return
        } catch let error where error.errno == .noEntry {
            return
        } catch let error where error.errno == .tryAgain || error.errno == .wrongSocketType {
            // A full backlog is a listener, too; so is one of the other kind.
        }
        throw LinuxError(.addressInUse, "bind", path)
    }

    private static func socket(_ path: String, _ kind: Kind) throws(LinuxError) -> OwnedDescriptor {
        let type = kind.raw | Int32(SOCK_CLOEXEC.rawValue | SOCK_NONBLOCK.rawValue)
        return OwnedDescriptor(taking: try system("socket", path) { Glibc.socket(AF_UNIX, type, 0) })
    }

    private static func option(_ name: Int32, of socket: Int32, _ path: String) throws(LinuxError) -> Int32 {
        var value: Int32 = 0
        var length = socklen_t(MemoryLayout<Int32>.size)
        try system("getsockopt", path) { unsafe getsockopt(socket, SOL_SOCKET, name, &value, &length) }
        return value
    }
}
