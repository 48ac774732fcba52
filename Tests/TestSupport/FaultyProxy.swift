import Foundation
import Synchronization

/// Stands between a client and a registry: shapes the link, does scripted harm, writes down every request.
///
/// It has two ports, so two origins. The first is the registry's; the second (`storageHost`) plays the object storage that redirects
/// lead to, serves the same blobs under signed URLs, and knows no credentials. Bytes pass through it unchanged but for the faults.
package final class FaultyProxy: Sendable {
    /// One request as it came in.
    package struct LoggedRequest: Sendable {
        package var head: WireHead
        package var onStorage: Bool

        package var method: String { head.method }
        package var path: String { head.path }
        package var range: String? { head.value(of: "Range") }
        package var authorization: String? { head.value(of: "Authorization") }
    }

    package let link: Link
    package let storage = ObjectStorage()
    let upstreamPort: UInt16
    /// Sent to the registry with what comes in on the storage port.
    let upstreamAuthorization: String?
    private let schedule = Mutex(FaultSchedule())
    private let log = Mutex<[LoggedRequest]>([])
    private let servers = Mutex<[LoopbackServer]>([])
    private let ports = Mutex<(registry: UInt16, storage: UInt16)>((0, 0))

    /// - Parameter upstreamAuthorization: value of the `Authorization` header the registry behind wants for blobs, if it wants one.
    package init(
        upstreamPort: UInt16, link: Link = Link(), faults: [FaultRule] = [], upstreamAuthorization: String? = nil
    ) throws {
        self.upstreamPort = upstreamPort
        self.link = link
        self.upstreamAuthorization = upstreamAuthorization
        faults.forEach(add)
        let registry = try LoopbackServer { [weak self] in self?.serve($0, onStorage: false) }
        let storage = try LoopbackServer { [weak self] in self?.serve($0, onStorage: true) }
        servers.withLock { $0 = [registry, storage] }
        ports.withLock { $0 = (registry.port, storage.port) }
    }

    deinit { stop() }

    package var port: UInt16 { ports.withLock { $0.registry } }
    /// `127.0.0.1:PORT` of the registry.
    package var host: String { "127.0.0.1:\(port)" }
    package var storageHost: String { ports.withLock { "127.0.0.1:\($0.storage)" } }

    package func add(_ rule: FaultRule) { schedule.withLock { $0.add(rule) } }
    package func removeFaults() { schedule.withLock { $0.removeAll() } }

    /// All requests so far, in the order they came.
    package var requests: [LoggedRequest] { log.withLock { $0 } }
    package func clearLog() { log.withLock { $0 = [] } }

    package func stop() { servers.withLock { $0 }.forEach { $0.stop() } }

    func note(_ head: WireHead, onStorage: Bool) {
        log.withLock { $0.append(LoggedRequest(head: head, onStorage: onStorage)) }
    }

    func fault(for head: WireHead, onStorage: Bool) -> Fault? {
        schedule.withLock { $0.fault(for: head, onStorage: onStorage) }
    }
}

/// Runs `body` with a proxy before `upstreamPort` and stops it afterwards.
package func withFaultyProxy<R>(
    upstreamPort: UInt16, link: Link = Link(), faults: [FaultRule] = [],
    _ body: (FaultyProxy) async throws -> R
) async throws -> R {
    let proxy = try FaultyProxy(upstreamPort: upstreamPort, link: link, faults: faults)
    defer { proxy.stop() }
    return try await body(proxy)
}
