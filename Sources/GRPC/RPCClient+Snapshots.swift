internal import GRPCCore

/// `containerd.services.snapshots.v1.Snapshots`, of a proxy plugin or, with a namespace, of containerd itself.
///
/// `namespace` goes into the header `containerd-namespace`, which containerd demands and plugins do not need.
extension RPCClient {
    package func prepareSnapshot(
        _ request: SnapshotsPrepareSnapshotRequest, namespace: String? = nil, timeout: Duration? = nil
    ) async throws(RPCFailure) -> SnapshotsPrepareSnapshotResponse {
        try await calling {
            try await snapshots.prepare(
                request, metadata: RPCLimits.metadata(namespace: namespace),
                options: RPCLimits.options(timeout: timeout))
        }
    }

    package func viewSnapshot(
        _ request: SnapshotsViewSnapshotRequest, namespace: String? = nil, timeout: Duration? = nil
    ) async throws(RPCFailure) -> SnapshotsViewSnapshotResponse {
        try await calling {
            try await snapshots.view(
                request, metadata: RPCLimits.metadata(namespace: namespace),
                options: RPCLimits.options(timeout: timeout))
        }
    }

    package func snapshotMounts(
        _ request: SnapshotsMountsRequest, namespace: String? = nil, timeout: Duration? = nil
    ) async throws(RPCFailure) -> SnapshotsMountsResponse {
        try await calling {
            try await snapshots.mounts(
                request, metadata: RPCLimits.metadata(namespace: namespace),
                options: RPCLimits.options(timeout: timeout))
        }
    }

    package func commitSnapshot(
        _ request: SnapshotsCommitSnapshotRequest, namespace: String? = nil, timeout: Duration? = nil
    ) async throws(RPCFailure) {
        _ = try await calling {
            try await snapshots.commit(
                request, metadata: RPCLimits.metadata(namespace: namespace),
                options: RPCLimits.options(timeout: timeout))
        }
    }

    package func removeSnapshot(
        _ request: SnapshotsRemoveSnapshotRequest, namespace: String? = nil, timeout: Duration? = nil
    ) async throws(RPCFailure) {
        _ = try await calling {
            try await snapshots.remove(
                request, metadata: RPCLimits.metadata(namespace: namespace),
                options: RPCLimits.options(timeout: timeout))
        }
    }

    package func statSnapshot(
        _ request: SnapshotsStatSnapshotRequest, namespace: String? = nil, timeout: Duration? = nil
    ) async throws(RPCFailure) -> SnapshotsStatSnapshotResponse {
        try await calling {
            try await snapshots.stat(
                request, metadata: RPCLimits.metadata(namespace: namespace),
                options: RPCLimits.options(timeout: timeout))
        }
    }

    package func updateSnapshot(
        _ request: SnapshotsUpdateSnapshotRequest, namespace: String? = nil, timeout: Duration? = nil
    ) async throws(RPCFailure) -> SnapshotsUpdateSnapshotResponse {
        try await calling {
            try await snapshots.update(
                request, metadata: RPCLimits.metadata(namespace: namespace),
                options: RPCLimits.options(timeout: timeout))
        }
    }

    /// - Parameter receive: called with each message, in order.
    package func listSnapshots(
        _ request: SnapshotsListSnapshotsRequest, namespace: String? = nil, timeout: Duration? = nil,
        receive: @escaping @Sendable (SnapshotsListSnapshotsResponse) async throws -> Void
    ) async throws(RPCFailure) {
        try await calling {
            try await snapshots.list(
                request, metadata: RPCLimits.metadata(namespace: namespace),
                options: RPCLimits.options(timeout: timeout)
            ) { response in
                for try await message in response.messages { try await receive(message) }
            }
        }
    }

    package func snapshotUsage(
        _ request: SnapshotsUsageRequest, namespace: String? = nil, timeout: Duration? = nil
    ) async throws(RPCFailure) -> SnapshotsUsageResponse {
        try await calling {
            try await snapshots.usage(
                request, metadata: RPCLimits.metadata(namespace: namespace),
                options: RPCLimits.options(timeout: timeout))
        }
    }

    package func cleanupSnapshots(
        _ request: SnapshotsCleanupRequest, namespace: String? = nil, timeout: Duration? = nil
    ) async throws(RPCFailure) {
        _ = try await calling {
            try await snapshots.cleanup(
                request, metadata: RPCLimits.metadata(namespace: namespace),
                options: RPCLimits.options(timeout: timeout))
        }
    }

    private var snapshots: some SnapshotsSnapshots.ClientProtocol { SnapshotsSnapshots.Client(wrapping: client) }
}
