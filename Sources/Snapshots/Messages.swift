internal import GRPC
internal import State

// Our values as messages of the wire.

extension SnapshotsMount {
    init(_ plan: MountPlan) {
        self.init()
        type = plan.type
        source = plan.source
        options = plan.options
    }
}

extension SnapshotsInfo {
    init(_ record: SnapshotRecord) {
        self.init()
        name = record.name
        parent = record.parent ?? ""
        kind =
            switch record.kind {
            case .view: .view
            case .active: .active
            case .committed: .committed
            }
        created = record.createdAt
        updated = record.updatedAt
        labels = record.labels
    }

    /// What it takes in a message, within some bytes a label.
    var approximateBytes: Int {
        labels.reduce(64 + name.utf8.count + parent.utf8.count) { $0 + $1.key.utf8.count + $1.value.utf8.count + 8 }
    }
}
