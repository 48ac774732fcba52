internal import FoundationEssentials
internal import GRPC
internal import Images
internal import Linux
internal import OCI
internal import State

extension SnapshotStore {
    /// What comes of a Prepare.
    enum Preparation: Sendable, Equatable {
        case mount(MountPlan)
        /// What was to be unpacked is here: a committed snapshot of this name.
        case adopted(String)
    }

    /// Makes an active snapshot, or none because its content, named by the label `snapshot.ref`, was offered and is here.
    ///
    /// Asks no network and believes no other label: on any doubt containerd unpacks by itself (specs/containerd.md 4).
    func prepare(_ key: SnapshotName, parent: SnapshotName?, labels: SnapshotLabels) async throws -> Preparation {
        try await making { [self] in
            if let adopted = try adopt(on: parent, labels: labels) { return .adopted(adopted) }
            return .mount(try make(.active, key, parent: parent, labels: labels))
        }
    }

    func view(_ key: SnapshotName, parent: SnapshotName?, labels: SnapshotLabels) async throws -> MountPlan {
        try await making { [self] in try make(.view, key, parent: parent, labels: labels) }
    }

    /// On a thread of its own: directories are made, and those of layers looked at. Once begun, it is done to the end.
    private func making<Result: Sendable>(_ body: @escaping @Sendable () throws -> Result) async throws -> Result {
        try Task.checkCancellation()
        return try await BlockingThread.run("imagelet-snap", body)
    }

    private func adopt(on parent: SnapshotName?, labels: SnapshotLabels) throws -> String? {
        guard let chain = labels.chainID, let layer = try state.offeredLayer(chain: chain),
            layers.directory(of: layer) != nil
        else { return nil }
        let below = try parent.map { try snapshot($0).id }
        let name = SnapshotName(adopting: chain, on: below)
        return try state.adoptSnapshot(
            name.text, parent: parent?.text, chain: chain, layer: layer, labels: labels.values, at: Date()
        )?.name
    }

    private func make(
        _ kind: SnapshotRecord.Kind, _ key: SnapshotName, parent: SnapshotName?, labels: SnapshotLabels
    ) throws -> MountPlan {
        let lower = try parent.map { try contents(of: state.snapshotStack($0.text)) } ?? []
        // A view of something is that, and nothing of its own.
        let ids = try ownership.ids(labels)
        let staged = kind == .active || lower.isEmpty ? try directories.stage(like: lower.first, ids: ids) : nil
        var placed: Int64?
        do {
            let record = try state.createSnapshot(
                key.text, kind: kind, parent: parent?.text, labels: labels.values, at: Date()
            ) { id in
                guard let staged else { return }
                try directories.place(staged, as: id)
                placed = id
            }
            return plan(record, over: lower, ids: ids)
        } catch {
            if let staged {
                // Where even that fails, the next start finds it.
                if let placed { _ = try? directories.takeBack(staged, from: placed) }
                cleaner.discard([staged])
            }
            throw error
        }
    }
}
