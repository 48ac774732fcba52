import Synchronization
import TestSupport

/// A server whose answers are written byte by byte by the test, and which tells what it saw.
final class ScriptedServer: Sendable {
    /// The requests that came, in order.
    var requests: [WireHead] { log.withLock { $0 } }
    /// Connections that were accepted.
    var connectionCount: Int { connections.withLock { $0 } }
    private let log = Mutex<[WireHead]>([])
    private let connections = Mutex(0)
    private let server = Mutex<LoopbackServer?>(nil)

    /// `answer` is called for every request, and ends the connection by returning false or throwing.
    init(_ answer: @escaping @Sendable (WireHead, Connection) throws -> Bool) throws {
        let server = try LoopbackServer { [weak self] connection in
            guard let self else { return }
            connections.withLock { $0 += 1 }
            while let request = try? WireHead(from: connection) {
                log.withLock { $0.append(request) }
                guard (try? answer(request, connection)) == true else { return }
            }
        }
        self.server.withLock { $0 = server }
    }

    deinit { stop() }

    var port: UInt16 { server.withLock { $0?.port ?? 0 } }
    var url: String { "http://127.0.0.1:\(port)" }

    func stop() { server.withLock { $0 }?.stop() }
}

/// Something a server's thread sees and a test waits for.
final class Sighting: Sendable {
    private let stream: AsyncStream<Void>
    private let continuation: AsyncStream<Void>.Continuation

    init() {
        (stream, continuation) = AsyncStream.makeStream()
    }

    func seen() { continuation.yield() }

    /// Returns at once if it was seen before.
    func wait() async {
        for await _ in stream { return }
    }
}

/// Bytes that differ at every place.
func pattern(_ count: Int, from start: Int = 0) -> [UInt8] {
    (start..<start + count).map { UInt8(truncatingIfNeeded: ($0 &* 2_654_435_761) >> 13) }
}
