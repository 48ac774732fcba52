internal import Filters
internal import State

extension SnapshotStore {
    /// The snapshots a filter holds for, parents before their children.
    func snapshots(matching filter: Filter) throws -> [SnapshotRecord] {
        try state.snapshots().filter { snapshot in filter.matches { snapshot.field($0) } }
    }
}

extension SnapshotRecord {
    /// The value at a field path of containerd's filters: `name`, `parent`, `kind`, `labels."k"`.
    fileprivate func field(_ path: [String]) -> String? {
        switch path.first {
        case "name": name
        case "parent": parent ?? ""
        case "kind": kind.rawValue
        case "labels": labels[path.dropFirst().joined(separator: ".")]
        default: nil
        }
    }
}
