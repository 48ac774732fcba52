/// What the daemon answers on its admin socket, `imagelet.admin.v1.Admin`, without its transport.
///
/// Cancellation and failures as in ``ImageService``.
package protocol AdminService: Sendable {
    func status(_ request: AdminStatusRequest) async throws -> AdminStatusResponse
    /// Returns when the pull has ended, well or not.
    /// - Parameter send: sends one message; returns when there is room for the next.
    func watchPull(
        _ request: AdminWatchPullRequest, send: @Sendable (AdminPullProgress) async throws -> Void
    ) async throws
    func prepareMount(_ request: AdminPrepareMountRequest) async throws -> AdminPrepareMountResponse
    func commitMount(_ request: AdminCommitMountRequest) async throws -> AdminCommitMountResponse
    func releaseMount(_ request: AdminReleaseMountRequest) async throws -> AdminReleaseMountResponse
    func collectGarbage(_ request: AdminCollectGarbageRequest) async throws -> AdminCollectGarbageResponse
    func reloadConfiguration(
        _ request: AdminReloadConfigurationRequest
    ) async throws -> AdminReloadConfigurationResponse
    func setLogLevels(_ request: AdminSetLogLevelsRequest) async throws -> AdminSetLogLevelsResponse
    func history(_ request: AdminHistoryRequest) async throws -> AdminHistoryResponse
}
