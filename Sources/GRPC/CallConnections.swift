internal import GRPCCore
internal import GRPCNIOTransportHTTP2Posix
internal import Synchronization

/// Connections to one unix socket, one for each call.
///
/// grpc-go resets a stream that it answers before it has seen its end, as it does with unknown methods and quick refusals; NIO's HTTP/2
/// takes a reset that crosses our own end of the stream for an error of the whole connection. Calls that share the connection, or come
/// next on it, are lost with it; a call that is alone on it has its answer by then. Connecting to a unix socket is cheap.
final class CallConnections: Sendable {
    typealias Connection = HTTP2ClientTransport.Posix

    private let make: @Sendable () throws -> Connection
    private let open = Mutex<(connections: [UInt64: Connection], next: UInt64, isEnding: Bool)>(([:], 0, false))
    private let made: AsyncStream<Connection>
    private let input: AsyncStream<Connection>.Continuation

    init(_ make: @escaping @Sendable () throws -> Connection) {
        self.make = make
        (made, input) = AsyncStream.makeStream()
    }

    /// Runs the connections of calls until ``end()``, or until cancelled, which ends the calls.
    func run() async {
        await withDiscardingTaskGroup { group in
            for await connection in made {
                group.addTask { try? await connection.connect() }
            }
            if Task.isCancelled { group.cancelAll() }
        }
        end()
    }

    /// Lets calls in progress end, and takes no more.
    func end() {
        let open = open.withLock { open in
            open.isEnding = true
            return Array(open.connections.values)
        }
        for connection in open { connection.beginGracefulShutdown() }
        input.finish()
    }

    /// - Returns: the connection, and what ``close(_:)`` knows it by.
    /// - Throws: UNAVAILABLE after ``end()``.
    func connect() throws -> (Connection, UInt64) {
        let connection = try make()
        let number = try open.withLock { open in
            guard !open.isEnding else { throw RPCError(code: .unavailable, message: "the client is stopping") }
            open.next += 1
            open.connections[open.next] = connection
            return open.next
        }
        input.yield(connection)
        return (connection, number)
    }

    func close(_ number: UInt64) {
        open.withLock { $0.connections.removeValue(forKey: number) }?.beginGracefulShutdown()
    }
}
