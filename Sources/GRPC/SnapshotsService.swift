/// containerd's snapshots service, `containerd.services.snapshots.v1.Snapshots`, without its transport.
///
/// Cancellation and failures as in ``ImageService``.
package protocol SnapshotsService: Sendable {
    func prepare(_ request: SnapshotsPrepareSnapshotRequest) async throws -> SnapshotsPrepareSnapshotResponse
    func view(_ request: SnapshotsViewSnapshotRequest) async throws -> SnapshotsViewSnapshotResponse
    func mounts(_ request: SnapshotsMountsRequest) async throws -> SnapshotsMountsResponse
    func commit(_ request: SnapshotsCommitSnapshotRequest) async throws
    func remove(_ request: SnapshotsRemoveSnapshotRequest) async throws
    func stat(_ request: SnapshotsStatSnapshotRequest) async throws -> SnapshotsStatSnapshotResponse
    func update(_ request: SnapshotsUpdateSnapshotRequest) async throws -> SnapshotsUpdateSnapshotResponse
    /// - Parameter send: sends one message; returns when there is room for the next.
    func list(
        _ request: SnapshotsListSnapshotsRequest, send: @Sendable (SnapshotsListSnapshotsResponse) async throws -> Void
    ) async throws
    func usage(_ request: SnapshotsUsageRequest) async throws -> SnapshotsUsageResponse
    func cleanup(_ request: SnapshotsCleanupRequest) async throws
}
