internal import GRPCCore

/// `imagelet.admin.v1.Admin`
extension RPCClient {
    package func status(
        _ request: AdminStatusRequest, timeout: Duration? = nil
    ) async throws(RPCFailure) -> AdminStatusResponse {
        try await calling { try await admin.status(request, options: RPCLimits.options(timeout: timeout)) }
    }

    /// Returns when the pull has ended.
    /// - Parameter receive: called with each state, in order.
    package func watchPull(
        _ request: AdminWatchPullRequest, receive: @escaping @Sendable (AdminPullProgress) async throws -> Void
    ) async throws(RPCFailure) {
        try await calling {
            try await admin.watchPull(request, options: RPCLimits.options(timeout: nil)) { response in
                for try await message in response.messages { try await receive(message) }
            }
        }
    }

    package func prepareMount(
        _ request: AdminPrepareMountRequest, timeout: Duration? = nil
    ) async throws(RPCFailure) -> AdminPrepareMountResponse {
        try await calling { try await admin.prepareMount(request, options: RPCLimits.options(timeout: timeout)) }
    }

    package func commitMount(
        _ request: AdminCommitMountRequest, timeout: Duration? = nil
    ) async throws(RPCFailure) -> AdminCommitMountResponse {
        try await calling { try await admin.commitMount(request, options: RPCLimits.options(timeout: timeout)) }
    }

    package func releaseMount(
        _ request: AdminReleaseMountRequest, timeout: Duration? = nil
    ) async throws(RPCFailure) -> AdminReleaseMountResponse {
        try await calling { try await admin.releaseMount(request, options: RPCLimits.options(timeout: timeout)) }
    }

    package func collectGarbage(
        _ request: AdminCollectGarbageRequest, timeout: Duration? = nil
    ) async throws(RPCFailure) -> AdminCollectGarbageResponse {
        try await calling { try await admin.collectGarbage(request, options: RPCLimits.options(timeout: timeout)) }
    }

    package func reloadConfiguration(
        timeout: Duration? = nil
    ) async throws(RPCFailure) -> AdminReloadConfigurationResponse {
        try await calling {
            try await admin.reloadConfiguration(
                AdminReloadConfigurationRequest(), options: RPCLimits.options(timeout: timeout))
        }
    }

    package func setLogLevels(
        _ request: AdminSetLogLevelsRequest, timeout: Duration? = nil
    ) async throws(RPCFailure) -> AdminSetLogLevelsResponse {
        try await calling { try await admin.setLogLevels(request, options: RPCLimits.options(timeout: timeout)) }
    }

    package func history(
        _ request: AdminHistoryRequest, timeout: Duration? = nil
    ) async throws(RPCFailure) -> AdminHistoryResponse {
        try await calling { try await admin.history(request, options: RPCLimits.options(timeout: timeout)) }
    }

    private var admin: some AdminAdmin.ClientProtocol { AdminAdmin.Client(wrapping: client) }
}
