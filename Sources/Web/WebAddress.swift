/// Where the web server listens.
package enum WebAddress: Sendable, Equatable, CustomStringConvertible {
    /// A name or address, and a port; port 0 is any that is free.
    case network(host: String, port: Int)
    /// Path of a Unix socket; what lies there is replaced.
    case socket(String)

    package var description: String {
        switch self {
        case .network(let host, let port): host.contains(":") ? "[\(host)]:\(port)" : "\(host):\(port)"
        case .socket(let path): "unix:\(path)"
        }
    }
}
