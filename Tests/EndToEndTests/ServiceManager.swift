import Foundation
import Glibc
import Linux
import Synchronization
import Testing

/// Plays systemd for one service: hears its notices on a thread of its own, and stores its descriptors.
final class ServiceManager: Sendable {
    private struct State {
        var store: [String: SharedDescriptor] = [:]
        var heard: [ServiceNotice] = []
        var isEnding = false
    }

    private let path: String
    private let state = Mutex(State())

    init(at path: String) throws {
        self.path = path
        let raw = Glibc.socket(AF_UNIX, Int32(SOCK_DGRAM.rawValue) | Int32(SOCK_CLOEXEC.rawValue), 0)
        let socket = MessageSocket(OwnedDescriptor(taking: raw))
        var address = sockaddr_un()
        address.sun_family = sa_family_t(AF_UNIX)
        withUnsafeMutableBytes(of: &address.sun_path) { $0.copyBytes(from: Array(path.utf8)) }
        let result = withUnsafePointer(to: &address) { pointer in
            pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) {
                bind(raw, $0, socklen_t(MemoryLayout<sockaddr_un>.size))
            }
        }
        try #require(result == 0)
        Thread.detachNewThread { [self] in
            while !state.withLock({ $0.isEnding }) {
                let state = try? Readiness.wait(readable: [socket.rawValue], timeout: .milliseconds(100))
                if state?[0].isReadable == true, let message = try? socket.receive() { hear(message) }
            }
        }
    }

    func end() { state.withLock { $0.isEnding = true } }

    private func hear(_ message: MessageSocket.Message) {
        guard let notice = ServiceNotice(message.bytes) else { return }
        state.withLock { state in
            switch notice {
            case .store(let name, _): state.store[name] = message.descriptors.first
            case .remove(let name): state.store[name] = nil
            case .ready, .stopping, .alive: break
            }
            state.heard.append(notice)
        }
    }

    /// Names in the store, sorted.
    var names: [String] { state.withLock { $0.store.keys.sorted() } }
    var heard: [ServiceNotice] { state.withLock { $0.heard } }
    func clearHeard() { state.withLock { $0.heard = [] } }
    func put(_ store: [String: SharedDescriptor]) { state.withLock { $0.store = store } }

    /// Waits until `notice` was heard.
    func wait(for notice: ServiceNotice) async throws {
        let end = ContinuousClock.now + .seconds(90)
        while !heard.contains(notice) {
            try #require(ContinuousClock.now < end, "no \(notice); heard \(heard)")
            try await Task.sleep(for: .milliseconds(20))
        }
    }

    /// How the service is to be started now.
    func service(_ more: [String: String] = [:]) -> TestNode.Service {
        let variables = ["NOTIFY_SOCKET": path, "FDSTORE": "16"].merging(more) { $1 }
        let store = state.withLock { $0.store }
        return TestNode.Service(environment: variables, descriptors: store.map { ($0.key, $0.value.rawValue) })
    }
}
