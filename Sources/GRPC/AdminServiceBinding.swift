internal import GRPCCore

/// An ``AdminService`` as the generated code wants it.
struct AdminServiceBinding: AdminAdmin.SimpleServiceProtocol {
    let service: any AdminService

    func status(request: AdminStatusRequest, context: ServerContext) async throws -> AdminStatusResponse {
        try await answering(context) { try await service.status(request) }
    }

    func watchPull(
        request: AdminWatchPullRequest, response: RPCWriter<AdminPullProgress>, context: ServerContext
    ) async throws {
        try await answering(context) { try await service.watchPull(request) { try await response.write($0) } }
    }

    func prepareMount(
        request: AdminPrepareMountRequest, context: ServerContext
    ) async throws -> AdminPrepareMountResponse {
        try await answering(context) { try await service.prepareMount(request) }
    }

    func commitMount(
        request: AdminCommitMountRequest, context: ServerContext
    ) async throws -> AdminCommitMountResponse {
        try await answering(context) { try await service.commitMount(request) }
    }

    func releaseMount(
        request: AdminReleaseMountRequest, context: ServerContext
    ) async throws -> AdminReleaseMountResponse {
        try await answering(context) { try await service.releaseMount(request) }
    }

    func collectGarbage(
        request: AdminCollectGarbageRequest, context: ServerContext
    ) async throws -> AdminCollectGarbageResponse {
        try await answering(context) { try await service.collectGarbage(request) }
    }

    func reloadConfiguration(
        request: AdminReloadConfigurationRequest, context: ServerContext
    ) async throws -> AdminReloadConfigurationResponse {
        try await answering(context) { try await service.reloadConfiguration(request) }
    }

    func setLogLevels(
        request: AdminSetLogLevelsRequest, context: ServerContext
    ) async throws -> AdminSetLogLevelsResponse {
        try await answering(context) { try await service.setLogLevels(request) }
    }

    func history(request: AdminHistoryRequest, context: ServerContext) async throws -> AdminHistoryResponse {
        try await answering(context) { try await service.history(request) }
    }
}
