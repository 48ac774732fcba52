internal import Linux

/// Where things lie below the root directory (design.md part 8).
struct Paths {
    let root: String

    var database: String { root + "/state.db" }
    var layers: String { root + "/layers" }
    var indexes: String { root + "/indexes" }
    var mounts: String { root + "/mounts" }
    var snapshots: String { root + "/snapshots" }
    var store: String { root + "/store" }
    var lock: String { root + "/lock" }

    func create() throws {
        try Directory.create(root)
        for directory in [layers, indexes, mounts, snapshots] { try Directory.create(directory) }
        // A mount that a dead daemon left makes the directory look broken until the new mount replaces it.
        if (try? Path.exists(store)) == false { try Directory.create(store, permissions: 0o755) }
    }
}
