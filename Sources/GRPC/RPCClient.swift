internal import GRPCCore
internal import GRPCNIOTransportHTTP2Posix

/// Calls the services on one unix socket; lives inside ``withConnection(to:_:)``.
package struct RPCClient: Sendable {
    let client: GRPCClient<HTTP2ClientTransport.Posix>
    private let endpoint: RPCEndpoint

    /// Opens a connection for the length of `body`.
    ///
    /// The socket is not touched before the first call, which fails with `unavailable` if nobody answers there.
    /// - Throws: whatever `body` throws.
    package static func withConnection<Result: Sendable>(
        to endpoint: RPCEndpoint, _ body: (RPCClient) async throws -> Result
    ) async throws -> Result {
        let transport: HTTP2ClientTransport.Posix
        do {
            transport = try HTTP2ClientTransport.Posix(
                target: .unixDomainSocket(path: endpoint.path), transportSecurity: .plaintext, config: configuration)
        } catch {
            throw RPCFailure(error)
        }
        return try await withGRPCClient(transport: transport) { client in
            try await body(RPCClient(client: client, endpoint: endpoint))
        }
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

    private static var configuration: HTTP2ClientTransport.Posix.Config {
        .defaults { config in
            config.http2.targetWindowSize = RPCLimits.windowBytes
            // As kubelet does; a path is no valid authority everywhere (measured.md 2, interop).
            config.http2.authority = "localhost"
        }
    }
}
