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
        let stack = try parent.map { try state.snapshotStack($0.text) } ?? []
        let offered = try labels.chainID.flatMap { try state.offeredLayer(chain: $0) }
        return try await looking(at: stack, opensLayer: offered != nil) { [self] in
            if let offered, let adopted = try adopt(offered, on: stack.first, labels: labels) {
                return .adopted(adopted)
            }
            return .mount(try make(.active, key, on: stack, labels: labels))
        }
    }

    func view(_ key: SnapshotName, parent: SnapshotName?, labels: SnapshotLabels) async throws -> MountPlan {
        let stack = try parent.map { try state.snapshotStack($0.text) } ?? []
        return try await looking(at: stack) { [self] in try make(.view, key, on: stack, labels: labels) }
    }

    private func adopt(_ layer: Digest, on parent: SnapshotRecord?, labels: SnapshotLabels) throws -> String? {
        guard let chain = labels.chainID, layers.directory(of: layer) != nil else { return nil }
        let name = SnapshotName(adopting: chain, on: parent?.id)
        return try state.adoptSnapshot(
            name.text, parent: parent?.name, chain: chain, layer: layer, labels: labels.values, at: Date()
        )?.name
    }

    /// - Parameter stack: what it stands on, the nearest first.
    private func make(
        _ kind: SnapshotRecord.Kind, _ key: SnapshotName, on stack: [SnapshotRecord], labels: SnapshotLabels
    ) throws -> MountPlan {
        let lower = try contents(of: stack)
        // A view of something is that, and nothing of its own.
        let ids = try ownership.ids(labels)
        let staged = kind == .active || lower.isEmpty ? try directories.stage(like: lower.first, ids: ids) : nil
        var placed: Int64?
        do {
            let record = try state.createSnapshot(
                key.text, kind: kind, parent: stack.first?.name, labels: labels.values, at: Date()
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
