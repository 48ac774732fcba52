internal import Glibc

/// Where a Unix socket is: a path, or behind "@" a name in the kernel's abstract namespace (unix(7)).
struct UnixAddress {
    private var raw = sockaddr_un()
    private let length: socklen_t

    /// - Throws: `nameTooLong` above 107 bytes.
    init(_ path: String, for operation: String) throws(LinuxError) {
        raw.sun_family = sa_family_t(AF_UNIX)
        let isAbstract = path.utf8.first == UInt8(ascii: "@")
        var name = Array(path.utf8)
        if isAbstract { name[0] = 0 }
        let fits = unsafe withUnsafeMutableBytes(of: &raw.sun_path) { target in
            guard name.count < target.count, !name.dropFirst().contains(0), isAbstract || name.first != 0 else {
                return false
            }
            unsafe target.copyBytes(from: name)
            return true
        }
        guard fits else { throw LinuxError(.nameTooLong, operation, path) }
        // An abstract name is exactly as long as the address says; a path ends with its NUL.
        let header = MemoryLayout<sockaddr_un>.offset(of: \.sun_path) ?? 0
        length = socklen_t(isAbstract ? header + name.count : MemoryLayout<sockaddr_un>.size)
    }

    /// connect(2).
    func connect(_ socket: Int32, _ path: String) throws(LinuxError) {
        try system("connect", path) { unsafe withPointer { unsafe Glibc.connect(socket, $0, $1) } }
    }

    /// bind(2).
    func bind(_ socket: Int32, _ path: String) throws(LinuxError) {
        try system("bind", path) { unsafe withPointer { unsafe Glibc.bind(socket, $0, $1) } }
    }

    private func withPointer(_ body: (UnsafePointer<sockaddr>, socklen_t) -> Int32) -> Int32 {
        unsafe withUnsafePointer(to: raw) { pointer in
            unsafe pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) { unsafe body($0, length) }
        }
    }

    /// The path a socket is bound to (getsockname(2)); nil if it isn't bound to a path.
    static func path(of socket: Int32) throws(LinuxError) -> String? {
        var raw = sockaddr_un()
        var length = socklen_t(MemoryLayout<sockaddr_un>.size)
        try system("getsockname", "\(socket)") {
            unsafe withUnsafeMutablePointer(to: &raw) { pointer in
                unsafe pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) {
                    unsafe getsockname(socket, $0, &length)
                }
            }
        }
        guard raw.sun_family == sa_family_t(AF_UNIX) else { return nil }
        let name = unsafe withUnsafeBytes(of: &raw.sun_path) { bytes in
            unsafe [UInt8](bytes.prefix { $0 != 0 })
        }
        return name.isEmpty ? nil : String(decoding: name, as: UTF8.self)
    }
}
