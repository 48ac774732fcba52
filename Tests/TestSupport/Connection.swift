import Foundation
import Glibc
import Synchronization

/// One TCP connection with blocking calls, for servers and proxies that run on threads of their own.
package final class Connection: Sendable {
    package struct Closed: Error {}

    private struct State {
        var buffer: [UInt8] = []
        var isOpen = true
    }

    private let descriptor: Int32
    private let state = Mutex(State())

    init(descriptor: Int32) {
        self.descriptor = descriptor
        var one: Int32 = 1
        setsockopt(descriptor, Int32(IPPROTO_TCP), TCP_NODELAY, &one, socklen_t(MemoryLayout<Int32>.size))
    }

    deinit { close() }

    /// Connects to a port of this machine.
    package convenience init(port: UInt16) throws {
        let descriptor = Glibc.socket(AF_INET, Int32(SOCK_STREAM.rawValue) | Int32(SOCK_CLOEXEC.rawValue), 0)
        let connected = withLoopbackAddress(port) { Glibc.connect(descriptor, $0, $1) }
        guard descriptor >= 0, connected == 0 else {
            if descriptor >= 0 { Glibc.close(descriptor) }
            throw Closed()
        }
        self.init(descriptor: descriptor)
    }

    /// Up to `limit` bytes, at least one; empty at the end.
    package func read(_ limit: Int = 256 << 10) throws -> [UInt8] {
        let buffered = state.withLock { state -> [UInt8] in
            let count = min(limit, state.buffer.count)
            defer { state.buffer.removeFirst(count) }
            return Array(state.buffer.prefix(count))
        }
        return try buffered.isEmpty ? receive(limit) : buffered
    }

    /// The bytes up to and with the first `mark`; nil if the connection ends before.
    package func read(through mark: String, limit: Int = 1 << 20) throws -> [UInt8]? {
        let mark = Data(mark.utf8)
        var bytes = Data()
        while bytes.count < limit {
            let piece = try read()
            if piece.isEmpty { return nil }
            bytes.append(contentsOf: piece)
            guard let found = bytes.range(of: mark) else { continue }
            let rest = [UInt8](bytes[found.upperBound...])
            state.withLock { $0.buffer.insert(contentsOf: rest, at: 0) }
            return [UInt8](bytes[..<found.upperBound])
        }
        throw Closed()
    }

    package func write(_ bytes: [UInt8]) throws {
        var offset = 0
        while offset < bytes.count {
            let sent = bytes[offset...].withUnsafeBytes {
                send(descriptor, $0.baseAddress, $0.count, Int32(MSG_NOSIGNAL))
            }
            if sent < 0, errno == EINTR { continue }
            guard sent > 0 else { throw Closed() }
            offset += sent
        }
    }

    package func write(_ text: String) throws { try write(Array(text.utf8)) }

    /// Returns when the peer has closed the connection or reset it; what it sends until then is dropped.
    package func waitForPeerToClose() {
        while let piece = try? receive(64 << 10), !piece.isEmpty {}
    }

    /// Ends the connection in both directions; calls that wait on it return.
    package func hangUp() {
        state.withLock { if $0.isOpen { _ = shutdown(descriptor, Int32(SHUT_RDWR)) } }
    }

    /// Closes with a reset instead of an orderly end.
    package func reset() {
        var linger = linger(l_onoff: 1, l_linger: 0)
        state.withLock {
            guard $0.isOpen else { return }
            setsockopt(descriptor, SOL_SOCKET, SO_LINGER, &linger, socklen_t(MemoryLayout<linger>.size))
        }
        close(aborting: true)
    }

    package func close() { close(aborting: false) }

    private func close(aborting: Bool) {
        state.withLock {
            guard $0.isOpen else { return }
            $0.isOpen = false
            // A child started at the wrong moment may hold the descriptor as well: tell the peer all the same.
            if !aborting { _ = shutdown(descriptor, Int32(SHUT_RDWR)) }
            Glibc.close(descriptor)
        }
    }

    private func receive(_ limit: Int) throws -> [UInt8] {
        while true {
            var failed: Int32 = 0
            let bytes = [UInt8](unsafeUninitializedCapacity: limit) { buffer, count in
                let received = recv(descriptor, buffer.baseAddress, limit, 0)
                failed = received < 0 ? errno : 0
                count = max(0, received)
            }
            if failed == 0 { return bytes }
            if failed != EINTR { throw Closed() }
        }
    }
}

/// Calls `body` with 127.0.0.1 and `port` as the system wants them.
func withLoopbackAddress<R>(_ port: UInt16, _ body: (UnsafePointer<sockaddr>, socklen_t) -> R) -> R {
    var address = sockaddr_in()
    address.sin_family = sa_family_t(AF_INET)
    address.sin_port = port.bigEndian
    address.sin_addr.s_addr = UInt32(0x7F00_0001).bigEndian
    return withUnsafePointer(to: &address) { pointer in
        pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) {
            body($0, socklen_t(MemoryLayout<sockaddr_in>.size))
        }
    }
}
