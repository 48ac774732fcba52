/// Where a service listens: a unix stream socket, named as kubelet and crictl name it.
package struct RPCEndpoint: Sendable, Equatable, CustomStringConvertible {
    /// Absolute path of the socket.
    package let path: String

    /// The longest path `sockaddr_un` can hold, its final NUL left out (unix(7)).
    private static let maximumPathBytes = 107

    /// - Parameter text: `unix:///absolute/path`, `unix:/absolute/path` or an absolute path.
    /// - Throws: ``RPCFailure`` (`invalidArgument`) for anything else: other transports, relative or overlong paths.
    package init(_ text: String) throws(RPCFailure) {
        var path = Substring(text)
        if text.hasPrefix("unix://") {
            path = text.dropFirst("unix://".count)
        } else if text.hasPrefix("unix:") {
            path = text.dropFirst("unix:".count)
        }
        guard path.hasPrefix("/"), path.count > 1 else {
            throw RPCFailure(.invalidArgument, "'\(text)' is no unix socket: write it as unix:///path/of.sock")
        }
        guard path.utf8.count <= Self.maximumPathBytes, !path.utf8.contains(0) else {
            throw RPCFailure(
                .invalidArgument, "'\(text)' is too long for a unix socket: \(Self.maximumPathBytes) bytes at most")
        }
        self.path = String(path)
    }

    package var description: String { "unix://\(path)" }
}
