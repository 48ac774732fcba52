internal import Filters
package import GRPC
package import Logging
internal import State

/// `containerd.services.snapshots.v1.Snapshots` on a ``SnapshotStore``; semantics of specs/containerd.md part A.
///
/// Namespaces in headers and the field `snapshotter` are not looked at: both may be missing, and keys say all that matters.
package struct SnapshotServer: SnapshotsService {
    private let store: SnapshotStore
    private let log: CallLog

    package init(store: SnapshotStore, logger: Logger) {
        self.store = store
        log = CallLog(logger: logger) { RPCFailure(ofSnapshots: $0) }
    }

    /// ALREADY_EXISTS if the content is here: containerd then lists by the label `snapshot.ref` and finds the committed snapshot.
    package func prepare(
        _ request: SnapshotsPrepareSnapshotRequest
    ) async throws -> SnapshotsPrepareSnapshotResponse {
        let preparation = try await log.recording(
            "Prepare", at: .info, subject: Self.subject(request.key, request.parent), remarks: Self.remarks
        ) {
            try await store.prepare(
                SnapshotName(request.key, "key"), parent: SnapshotName(parent: request.parent),
                labels: SnapshotLabels(request.labels))
        }
        switch preparation {
        case .mount(let plan):
            var answer = SnapshotsPrepareSnapshotResponse()
            answer.mounts = [SnapshotsMount(plan)]
            return answer
        case .adopted(let name):
            throw RPCFailure(.alreadyExists, "the content is here already, as snapshot '\(name)'")
        }
    }

    package func view(_ request: SnapshotsViewSnapshotRequest) async throws -> SnapshotsViewSnapshotResponse {
        try await log.recording("View", at: .info, subject: Self.subject(request.key, request.parent)) {
            var answer = SnapshotsViewSnapshotResponse()
            answer.mounts = [
                SnapshotsMount(
                    try await store.view(
                        SnapshotName(request.key, "key"), parent: SnapshotName(parent: request.parent),
                        labels: SnapshotLabels(request.labels)))
            ]
            return answer
        }
    }

    package func mounts(_ request: SnapshotsMountsRequest) async throws -> SnapshotsMountsResponse {
        try await log.recording("Mounts", at: .debug, subject: Self.subject(request.key)) {
            var answer = SnapshotsMountsResponse()
            answer.mounts = [SnapshotsMount(try await store.mount(SnapshotName(request.key, "key")))]
            return answer
        }
    }

    package func commit(_ request: SnapshotsCommitSnapshotRequest) async throws {
        try await log.recording("Commit", at: .info, subject: Self.subject(request.name)) {
            guard request.parent.isEmpty else {
                throw RPCFailure(
                    .invalidArgument, "a parent is named in Prepare: the capability 'rebase' is not offered")
            }
            try store.commit(
                SnapshotName(request.key, "key"), as: SnapshotName(request.name, "name"),
                labels: SnapshotLabels(request.labels))
        }
    }

    package func remove(_ request: SnapshotsRemoveSnapshotRequest) async throws {
        try await log.recording("Remove", at: .info, subject: Self.subject(request.key)) {
            try store.remove(SnapshotName(request.key, "key"))
        }
    }

    package func stat(_ request: SnapshotsStatSnapshotRequest) async throws -> SnapshotsStatSnapshotResponse {
        try await log.recording("Stat", at: .debug, subject: Self.subject(request.key)) {
            var answer = SnapshotsStatSnapshotResponse()
            answer.info = SnapshotsInfo(try store.snapshot(SnapshotName(request.key, "key")))
            return answer
        }
    }

    package func update(_ request: SnapshotsUpdateSnapshotRequest) async throws -> SnapshotsUpdateSnapshotResponse {
        try await log.recording("Update", at: .debug, subject: Self.subject(request.info.name)) {
            var answer = SnapshotsUpdateSnapshotResponse()
            answer.info = SnapshotsInfo(
                try store.update(
                    SnapshotName(request.info.name, "name"), LabelChange(paths: request.updatePaths),
                    labels: SnapshotLabels(request.info.labels)))
            return answer
        }
    }

    package func list(
        _ request: SnapshotsListSnapshotsRequest, send: @Sendable (SnapshotsListSnapshotsResponse) async throws -> Void
    ) async throws {
        try await log.recording("List", at: .debug) {
            var batch = SnapshotsListSnapshotsResponse()
            var bytes = 0
            for snapshot in try store.snapshots(matching: Filter(request.filters)) {
                let info = SnapshotsInfo(snapshot)
                batch.info.append(info)
                bytes += info.approximateBytes
                if bytes >= Self.bytesPerMessage {
                    try await send(batch)
                    (batch, bytes) = (SnapshotsListSnapshotsResponse(), 0)
                }
            }
            if !batch.info.isEmpty { try await send(batch) }
        }
    }

    package func usage(_ request: SnapshotsUsageRequest) async throws -> SnapshotsUsageResponse {
        try await log.recording("Usage", at: .debug, subject: Self.subject(request.key)) {
            let usage = try await store.usage(of: SnapshotName(request.key, "key"))
            var answer = SnapshotsUsageResponse()
            answer.size = usage.bytes
            answer.inodes = usage.inodes
            return answer
        }
    }

    /// What was removed is being deleted already; this is no moment to wait for it.
    package func cleanup(_ request: SnapshotsCleanupRequest) async throws {
        try await log.recording("Cleanup", at: .debug) { store.cleaner.discard([]) }
    }

    /// Far from the 16 MiB a message may have, whatever the last one added has: labels are capped.
    private static let bytesPerMessage = 1 << 20

    private static func subject(_ name: String, _ parent: String = "") -> Logger.Metadata {
        // As the client wrote it, which may be anything.
        var subject: Logger.Metadata = ["snapshot": "\(name.prefix(512))"]
        if !parent.isEmpty { subject["snapshot.parent"] = "\(parent.prefix(512))" }
        return subject
    }

    private static func remarks(_ preparation: SnapshotStore.Preparation) -> Logger.Metadata {
        if case .adopted(let name) = preparation { ["snapshot.adopted": "\(name)"] } else { [:] }
    }
}
