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
    /// Mounts of complete layers.
    var direct: String { root + "/direct" }
    /// What kept credentials are sealed with: outside of the database, which may be copied and shown.
    var key: String { root + "/key" }
    var lock: String { root + "/lock" }
    /// Where the keeper listens.
    var keeper: String { root + "/keeper.sock" }

    /// Names below the root that its own usage leaves out: snapshots count as their store measured them, and mounts are no disk.
    var countedElsewhere: Set<String> { ["snapshots", "store", "direct"] }

    func create() throws {
        try Directory.create(root)
        for directory in [layers, indexes, mounts, snapshots] { try Directory.create(directory) }
        // A mount that the last daemon left answers nothing until this one serves it: it must not be looked at.
        if try Mount.find(at: store) == nil { try Directory.create(store, permissions: 0o755) }
    }
}
