internal import FoundationEssentials
internal import GRPC
package import Images
internal import Linux
package import Logging
internal import OCI
internal import State
internal import Synchronization

/// The snapshots of a node, as containerd sees them: what there is, what it stands on, and how to mount it.
///
/// Rows are the truth; a directory without a row is litter. Nothing here waits for a network, nor for a directory to be removed.
package final class SnapshotStore: Sendable {
    let storage: ImageStorage
    let layers: any LayerDirectories
    let directories: SnapshotDirectories
    let ownership: Ownership
    let cleaner: SnapshotCleaner
    var state: StateDatabase { storage.state }

    /// Does nothing yet.
    /// - Parameters:
    ///   - directory: where snapshots lie, each in a directory of its own.
    ///   - ownership: who sees to the owners of files in pods with user namespaces.
    package init(
        storage: ImageStorage, layers: any LayerDirectories, directory: String,
        ownership: Ownership = .ofTheRuntime, logger: Logger
    ) {
        self.storage = storage
        self.layers = layers
        directories = SnapshotDirectories(root: directory)
        self.ownership = ownership
        cleaner = SnapshotCleaner(storage: storage, logger: logger)
    }

    /// Finds what a crash left without a row, for `run()` to delete. To be called once, before anybody can make a snapshot.
    package func recover() throws {
        try Directory.create(directories.root)
        cleaner.discard(try directories.setAsideLeftovers(known: Set(state.snapshots().map(\.id))))
    }

    /// Deletes what was removed, until cancelled. What is left then is found by the next `recover`.
    package func run() async { await cleaner.run() }

    /// Bytes and inodes of all snapshots that are directories of ours, as last measured, or now for the first time; those of layers are the
    /// layer store's.
    package func usage() async throws -> (bytes: Int64, inodes: Int64) {
        for record in try state.snapshots() where record.layer == nil && record.usage == nil {
            guard let name = try? SnapshotName(record.name, "name") else { continue }
            // It may be gone meanwhile.
            _ = try? await usage(of: name)
        }
        let usage = try state.snapshotUsage()
        return (usage.bytes, usage.inodes)
    }

    /// How to mount a view or an active snapshot.
    func mount(_ key: SnapshotName) async throws -> MountPlan {
        var stack = try state.snapshotStack(key.text)
        let top = stack.removeFirst()
        guard top.kind != .committed else {
            throw RPCFailure(
                .failedPrecondition, "snapshot '\(key)' is committed; only active ones and views are mounted")
        }
        let below = stack
        return try await looking(at: below) { [self] in
            plan(top, over: try contents(of: below), ids: try ownership.ids(SnapshotLabels(top.labels)))
        }
    }

    /// Runs `body`, which looks at the directories of `snapshots`: on a thread of its own if layers are among them, or if `opensLayer`, since
    /// a layer may have to be opened and mounted first. Once begun, it is done to the end.
    func looking<Result: Sendable>(
        at snapshots: [SnapshotRecord], opensLayer: Bool = false, _ body: @escaping @Sendable () throws -> Result
    ) async throws -> Result {
        try Task.checkCancellation()
        guard opensLayer || snapshots.contains(where: { $0.layer != nil }) else { return try body() }
        return try await BlockingThread.run("imagelet-snap", body)
    }

    func plan(_ snapshot: SnapshotRecord, over lower: [String], ids: IDMap?) -> MountPlan {
        let content = directories.content(snapshot.id)
        guard snapshot.kind == .active else {
            return MountPlan(viewing: lower.isEmpty ? [content] : lower, hasIndex: Overlay.hasIndex)
        }
        return MountPlan(
            writing: content, work: directories.work(snapshot.id), over: lower, ids: ids,
            hasIndex: Overlay.hasIndex)
    }

    /// The directories of committed snapshots, in their order.
    func contents(of snapshots: [SnapshotRecord]) throws -> [String] {
        try snapshots.map { snapshot in
            guard let layer = snapshot.layer else { return directories.content(snapshot.id) }
            guard let directory = layers.directory(of: layer) else {
                throw RPCFailure(
                    .unavailable,
                    "layer \(layer) of snapshot '\(snapshot.name)' cannot be read; pull its image again")
            }
            return directory
        }
    }

    /// Finishes an active snapshot: one small transaction, since containerd holds its own meanwhile (specs/containerd.md 5).
    func commit(_ key: SnapshotName, as name: SnapshotName, labels: SnapshotLabels) throws {
        _ = try state.commitSnapshot(key.text, as: name.text, labels: labels.values, at: Date())
    }

    func update(_ name: SnapshotName, _ change: LabelChange, labels: SnapshotLabels) throws -> SnapshotRecord {
        try state.updateSnapshot(name.text, at: Date()) { change.apply(labels.values, to: &$0) }
    }

    func snapshot(_ name: SnapshotName) throws -> SnapshotRecord {
        guard let record = try state.snapshot(name.text) else {
            throw RPCFailure(.notFound, "there is no snapshot '\(name)'")
        }
        return record
    }

    /// Forgets a snapshot. What it took on the disk goes later.
    func remove(_ name: SnapshotName) throws {
        let removed = try storage.removeSnapshot(name.text)
        cleaner.discard(removed.snapshot.layer == nil ? [directories.directory(removed.snapshot.id)] : [])
    }
}
