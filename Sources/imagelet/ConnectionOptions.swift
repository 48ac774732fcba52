internal import ArgumentParser
internal import GRPC

/// Where the CRI image service listens.
struct ServiceOptions: ParsableArguments {
    static let standard = "unix:///run/imagelet/imagelet.sock"

    @Option(
        help: ArgumentHelp(
            "CRI image service to talk to. (default: $IMAGELET_ENDPOINT or \(standard))", valueName: "socket"))
    var endpoint: String?

    /// Calls the image service.
    /// - Parameter action: what is being done, for the error message.
    func calling<Result: Sendable>(
        _ action: String, _ body: (RPCClient) async throws -> Result
    ) async throws -> Result {
        let text = endpoint ?? Output.environment["IMAGELET_ENDPOINT"] ?? Self.standard
        return try await connecting(to: text, action, body)
    }
}

/// Where the daemon's own service listens.
struct AdminOptions: ParsableArguments {
    static let standard = "unix:///run/imagelet/admin.sock"

    @Option(
        help: ArgumentHelp("Admin socket of the daemon. (default: $IMAGELET_ADMIN or \(standard))", valueName: "socket")
    )
    var admin: String?

    /// Calls the admin service.
    /// - Parameter action: what is being done, for the error message.
    func calling<Result: Sendable>(
        _ action: String, _ body: (RPCClient) async throws -> Result
    ) async throws -> Result {
        let text = admin ?? Output.environment["IMAGELET_ADMIN"] ?? Self.standard
        return try await connecting(to: text, action, body)
    }
}

/// Where containerd listens.
struct RuntimeOptions: ParsableArguments {
    static let standard = "unix:///run/containerd/containerd.sock"

    @Option(help: ArgumentHelp("containerd's own socket. (default: \(standard))", valueName: "socket"))
    var runtime: String?

    /// Calls containerd.
    /// - Parameter action: what is being done, for the error message.
    func calling<Result: Sendable>(
        _ action: String, _ body: (RPCClient) async throws -> Result
    ) async throws -> Result {
        try await connecting(to: runtime ?? Self.standard, action, body)
    }
}

private func connecting<Result: Sendable>(
    to text: String, _ action: String, _ body: (RPCClient) async throws -> Result
) async throws -> Result {
    do {
        let endpoint = try RPCEndpoint(text)
        return try await RPCClient.withConnection(to: endpoint, body)
    } catch let failure as RPCFailure {
        throw CommandError(action, failure)
    }
}
