import Foundation
import Glibc
import Synchronization

/// Listens on a free port of 127.0.0.1 and gives every connection a thread.
package final class LoopbackServer: Sendable {
    private struct State {
        var connections: [ObjectIdentifier: Connection] = [:]
        var isStopped = false
    }

    package let port: UInt16
    private let descriptor: Int32
    private let state = Mutex(State())

    /// `serve` runs on the connection's own thread; the connection is closed when it returns.
    package init(_ serve: @escaping @Sendable (Connection) -> Void) throws {
        let descriptor = Glibc.socket(AF_INET, Int32(SOCK_STREAM.rawValue) | Int32(SOCK_CLOEXEC.rawValue), 0)
        self.descriptor = descriptor
        guard descriptor >= 0, withLoopbackAddress(0, { bind(descriptor, $0, $1) }) == 0, listen(descriptor, 1024) == 0
        else { throw Connection.Closed() }
        port = boundPort(descriptor)
        Thread.detachNewThread { [self] in accept(serve) }
    }

    /// `127.0.0.1:PORT`.
    package var host: String { "127.0.0.1:\(port)" }

    /// Hangs up on everybody and gives up the port.
    package func stop() {
        let open: [Connection]? = state.withLock {
            guard !$0.isStopped else { return nil }
            $0.isStopped = true
            return Array($0.connections.values)
        }
        guard let open else { return }
        shutdown(descriptor, Int32(SHUT_RDWR))
        open.forEach { $0.hangUp() }
    }

    private func accept(_ serve: @escaping @Sendable (Connection) -> Void) {
        defer { Glibc.close(descriptor) }
        while true {
            let accepted = Glibc.accept(descriptor, nil, nil)
            if accepted < 0, errno == EINTR || errno == ECONNABORTED { continue }
            guard accepted >= 0 else { return }
            _ = fcntl(accepted, F_SETFD, FD_CLOEXEC)
            let connection = Connection(descriptor: accepted)
            let isStopped = state.withLock {
                $0.connections[ObjectIdentifier(connection)] = connection
                return $0.isStopped
            }
            if isStopped { return connection.close() }
            Thread.detachNewThread { [self] in
                serve(connection)
                connection.close()
                state.withLock { _ = $0.connections.removeValue(forKey: ObjectIdentifier(connection)) }
            }
        }
    }
}

/// A port whose queue of connections is full: the kernel answers nobody who asks for one more.
package final class FullListener: Sendable {
    package let port: UInt16
    private let descriptors: [Int32]

    package init() throws {
        let listener = Glibc.socket(AF_INET, Int32(SOCK_STREAM.rawValue) | Int32(SOCK_CLOEXEC.rawValue), 0)
        guard withLoopbackAddress(0, { bind(listener, $0, $1) }) == 0, listen(listener, 0) == 0 else {
            throw Connection.Closed()
        }
        let port = boundPort(listener)
        self.port = port
        // The queue holds one more than it says; those that find it full stay in the middle of their handshake.
        let kind = Int32(SOCK_STREAM.rawValue) | Int32(SOCK_CLOEXEC.rawValue) | Int32(SOCK_NONBLOCK.rawValue)
        let askers = (0..<4).map { _ in
            let asker = Glibc.socket(AF_INET, kind, 0)
            _ = withLoopbackAddress(port) { Glibc.connect(asker, $0, $1) }
            return asker
        }
        descriptors = askers + [listener]
    }

    deinit { descriptors.forEach { Glibc.close($0) } }
}

func boundPort(_ descriptor: Int32) -> UInt16 {
    var address = sockaddr_in()
    var length = socklen_t(MemoryLayout<sockaddr_in>.size)
    withUnsafeMutablePointer(to: &address) { pointer in
        pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) { _ = getsockname(descriptor, $0, &length) }
    }
    return UInt16(bigEndian: address.sin_port)
}
