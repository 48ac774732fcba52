internal import GRDB
package import OCI

extension StateDatabase {
    package func snapshot(_ name: String) throws(StateError) -> SnapshotRecord? {
        try read { database in try Self.snapshot(name, in: database) }
    }

    /// All snapshots in the order they were made: a parent comes before its children.
    package func snapshots() throws(StateError) -> [SnapshotRecord] {
        try read { database in
            try Row.fetchAll(database, sql: "\(Self.selection) ORDER BY snapshot.id").map { try SnapshotRecord($0) }
        }
    }

    /// The snapshot and all it stands on, itself first.
    /// - Throws: `.snapshot(.notFound)`.
    package func snapshotStack(_ name: String) throws(StateError) -> [SnapshotRecord] {
        try read { database in
            var stack = [try Self.knownSnapshot(name, in: database)]
            // A parent is older than its child, so this ends.
            while let parent = stack.last?.parent { stack.append(try Self.knownSnapshot(parent, in: database)) }
            return stack
        }
    }

    /// What was last measured of all snapshots whose content is a directory of ours.
    package func snapshotUsage() throws(StateError) -> SnapshotRecord.Usage {
        try read { database in
            let row = try Row.fetchOne(
                database,
                sql: """
                    SELECT coalesce(sum(bytes), 0) AS bytes, coalesce(sum(inodes), 0) AS inodes FROM snapshot
                    WHERE layer IS NULL
                    """)
            return SnapshotRecord.Usage(
                bytes: try row?.decode(Int64.self, forColumn: "bytes") ?? 0,
                inodes: try row?.decode(Int64.self, forColumn: "inodes") ?? 0)
        }
    }

    /// Offers each layer as the content of its chain ID: asked to make a snapshot of that chain, containerd is told that it is there.
    /// Idempotent; the newest offer for a chain counts. An offer goes with its layer.
    /// - Throws: `.conflict` if a layer was not allocated.
    package func offer(_ layers: [(chain: Digest, layer: Digest)]) throws(StateError) {
        try write { database in
            let offering = try database.cachedStatement(
                sql: """
                    INSERT INTO chain (id, layer) SELECT ?, slot FROM layer WHERE digest = ?
                    ON CONFLICT (id) DO UPDATE SET layer = excluded.layer
                    """)
            for (chain, layer) in layers {
                try offering.execute(arguments: [chain.description, layer.description])
                guard database.changesCount == 1 else {
                    throw StateError(
                        .conflict, "layer \(layer) cannot be offered: it has no slot; pull the image again")
                }
            }
        }
    }

    /// The layer that is the content of this chain ID; nil if none was offered, or it is gone.
    package func offeredLayer(chain: Digest) throws(StateError) -> Digest? {
        try read { database in
            try Row.fetchOne(
                database, sql: "SELECT digest FROM layer JOIN chain ON layer = slot WHERE id = ?",
                arguments: [chain.description]
            ).map { try $0.digest("digest") }
        }
    }

    /// Whether a snapshot was made of the stack of layers with this chain ID.
    package func isAdopted(chain: Digest) throws(StateError) -> Bool {
        try read { database in
            try Bool.fetchOne(
                database, sql: "SELECT EXISTS (SELECT 1 FROM snapshot WHERE chain = ?)", arguments: [chain.description])
                ?? false
        }
    }

    static func knownSnapshot(_ name: String, in database: Database) throws -> SnapshotRecord {
        guard let record = try snapshot(name, in: database) else {
            throw StateError(.snapshot(.notFound), "there is no snapshot '\(name)'")
        }
        return record
    }

    static func snapshot(_ name: String, in database: Database) throws -> SnapshotRecord? {
        let statement = try database.cachedStatement(sql: "\(selection) WHERE snapshot.name = ?")
        return try Row.fetchOne(statement, arguments: [name]).map { try SnapshotRecord($0) }
    }

    private static let selection = """
        SELECT snapshot.*, above.name AS parentName, layer.digest AS layerDigest FROM snapshot
        LEFT JOIN snapshot AS above ON above.id = snapshot.parent
        LEFT JOIN layer ON layer.slot = snapshot.layer
        """
}
