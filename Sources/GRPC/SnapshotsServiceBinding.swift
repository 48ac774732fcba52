internal import GRPCCore
internal import SwiftProtobuf

/// A ``SnapshotsService`` as the generated code wants it.
struct SnapshotsServiceBinding: SnapshotsSnapshots.SimpleServiceProtocol {
    let service: any SnapshotsService

    func prepare(
        request: SnapshotsPrepareSnapshotRequest, context: ServerContext
    ) async throws -> SnapshotsPrepareSnapshotResponse {
        try await answering(context) { try await service.prepare(request) }
    }

    func view(
        request: SnapshotsViewSnapshotRequest, context: ServerContext
    ) async throws -> SnapshotsViewSnapshotResponse {
        try await answering(context) { try await service.view(request) }
    }

    func mounts(request: SnapshotsMountsRequest, context: ServerContext) async throws -> SnapshotsMountsResponse {
        try await answering(context) { try await service.mounts(request) }
    }

    func commit(
        request: SnapshotsCommitSnapshotRequest, context: ServerContext
    ) async throws -> Google_Protobuf_Empty {
        try await answering(context) { try await service.commit(request) }
        return Google_Protobuf_Empty()
    }

    func remove(
        request: SnapshotsRemoveSnapshotRequest, context: ServerContext
    ) async throws -> Google_Protobuf_Empty {
        try await answering(context) { try await service.remove(request) }
        return Google_Protobuf_Empty()
    }

    func stat(
        request: SnapshotsStatSnapshotRequest, context: ServerContext
    ) async throws -> SnapshotsStatSnapshotResponse {
        try await answering(context) { try await service.stat(request) }
    }

    func update(
        request: SnapshotsUpdateSnapshotRequest, context: ServerContext
    ) async throws -> SnapshotsUpdateSnapshotResponse {
        try await answering(context) { try await service.update(request) }
    }

    func list(
        request: SnapshotsListSnapshotsRequest, response: RPCWriter<SnapshotsListSnapshotsResponse>,
        context: ServerContext
    ) async throws {
        try await answering(context) { try await service.list(request) { try await response.write($0) } }
    }

    func usage(request: SnapshotsUsageRequest, context: ServerContext) async throws -> SnapshotsUsageResponse {
        try await answering(context) { try await service.usage(request) }
    }

    func cleanup(request: SnapshotsCleanupRequest, context: ServerContext) async throws -> Google_Protobuf_Empty {
        try await answering(context) { try await service.cleanup(request) }
        return Google_Protobuf_Empty()
    }
}
