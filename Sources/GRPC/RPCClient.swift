internal import GRPCCore

/// Calls the services on one unix socket.
///
/// Lives inside ``withConnection(to:_:)``, or as long as its owner runs ``run()``.
package struct RPCClient: Sendable {
    let client: GRPCClient<PatientTransport>
    let transport: PatientTransport
    package let endpoint: RPCEndpoint

    /// The socket is not touched before the first call.
    /// - Parameter patience: how long a call waits for somebody to listen before it fails with `unavailable`.
    /// - Throws: ``RPCFailure`` if the endpoint cannot be one.
    package init(to endpoint: RPCEndpoint, patience: Duration = .zero) throws(RPCFailure) {
        do { transport = try PatientTransport(endpoint, patience: patience) } catch { throw RPCFailure(error) }
        client = GRPCClient(transport: transport)
        self.endpoint = endpoint
    }

    /// Keeps the connection for as long as the task is not cancelled; calls made before it begins wait for it.
    package func run() async throws {
        do { try await client.runConnections() } catch is CancellationError {}
    }

    /// Opens a connection for the length of `body`.
    ///
    /// The socket is not touched before the first call, which fails with `unavailable` if nobody answers there.
    /// - Throws: whatever `body` throws.
    package static func withConnection<Result: Sendable>(
        to endpoint: RPCEndpoint, _ body: (RPCClient) async throws -> Result
    ) async throws -> Result {
        let connection = try RPCClient(to: endpoint)
        return try await withGRPCClient(transport: connection.transport) { client in
            try await body(RPCClient(client: client, transport: connection.transport, endpoint: endpoint))
        }
    }

    private init(client: GRPCClient<PatientTransport>, transport: PatientTransport, endpoint: RPCEndpoint) {
        self.client = client
        self.transport = transport
        self.endpoint = endpoint
    }

    /// Runs one generated call and turns its errors into ours.
    func calling<Answer>(_ call: () async throws -> Answer) async throws(RPCFailure) -> Answer {
        do {
            return try await call()
        } catch {
            if Task.isCancelled { throw RPCFailure(.cancelled, "the call was cancelled") }
            // A status the server sent has no cause; one made up on this side has.
            if let error = error as? RPCError, error.code == .unavailable, error.cause != nil {
                throw RPCFailure(
                    .unavailable, "nobody answers at \(endpoint); is the daemon running, and is its socket open to you?"
                )
            }
            throw RPCFailure(error)
        }
    }
}
