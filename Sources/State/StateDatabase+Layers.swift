internal import GRDB
package import OCI

extension StateDatabase {
    /// Gives each of `layers` its record, making those that are new; in one transaction, in the order asked.
    ///
    /// Idempotent. A known layer keeps its slot and what is known of it; its source becomes the one given here, which
    /// worked last.
    /// - Throws: `.conflict` if a known layer would change its diffID, size or compression: one of the two images
    ///   lies, and the bytes already on disk were made by the first.
    package func allocate(_ layers: [NewLayer]) throws(StateError) -> [LayerRecord] {
        try write { database in try layers.map { try Self.allocate($0, in: database) } }
    }

    package func allocate(_ layer: NewLayer) throws(StateError) -> LayerRecord {
        try write { database in try Self.allocate(layer, in: database) }
    }

    package func layer(_ digest: Digest) throws(StateError) -> LayerRecord? {
        try read { database in try Self.layer(digest, in: database) }
    }

    package func layer(slot: UInt32) throws(StateError) -> LayerRecord? {
        try read { database in
            let row = try Row.fetchOne(database, sql: "SELECT * FROM layer WHERE slot = ?", arguments: [Int64(slot)])
            return try row.map { try LayerRecord($0) }
        }
    }

    /// All layers by slot.
    package func layers() throws(StateError) -> [LayerRecord] {
        try read { database in
            try Row.fetchAll(database, sql: "SELECT * FROM layer ORDER BY slot").map { try LayerRecord($0) }
        }
    }

    /// Notes that all of the layer is here and its diffID was right; that also takes a poisoning back. False if it is
    /// unknown by now.
    @discardableResult
    package func markComplete(_ digest: Digest) throws(StateError) -> Bool {
        try change("UPDATE layer SET complete = 1, poisoned = NULL WHERE digest = ?", [digest.description])
    }

    /// Notes that part of a layer thought complete is missing. False if the layer is unknown by now.
    @discardableResult
    package func markIncomplete(_ digest: Digest) throws(StateError) -> Bool {
        try change("UPDATE layer SET complete = 0 WHERE digest = ?", [digest.description])
    }

    /// Notes that the layer's content came out wrong. False if it is unknown by now.
    @discardableResult
    package func poison(_ digest: Digest, reason: String) throws(StateError) -> Bool {
        try change("UPDATE layer SET complete = 0, poisoned = ? WHERE digest = ?", [reason, digest.description])
    }

    /// Forgets every layer that no image, mount, snapshot, listing and none of `kept` refers to, and returns them; their files may go.
    ///
    /// For the start and after a pull that failed. `kept` are the layers of pulls in flight.
    package func removeUnreferencedLayers(keeping kept: Set<Digest>) throws(StateError) -> [LayerRecord] {
        try write { database in
            let slots = try Int64.fetchAll(database, sql: "SELECT slot FROM layer ORDER BY slot")
            return try Self.removeLayers(slots, keeping: kept, in: database)
        }
    }

    /// What `removeUnreferencedLayers` would forget.
    package func unreferencedLayers(keeping kept: Set<Digest>) throws(StateError) -> [LayerRecord] {
        try read { database in
            try Row.fetchAll(database, sql: Self.unreferenced).map { try LayerRecord($0) }
                .filter { !kept.contains($0.digest) }
        }
    }

    private static let unreferenced = """
        SELECT * FROM layer
        WHERE NOT EXISTS (SELECT 1 FROM imageLayer WHERE layer = slot)
          AND NOT EXISTS (SELECT 1 FROM mountLayer WHERE layer = slot)
          AND NOT EXISTS (SELECT 1 FROM snapshot WHERE layer = slot)
          AND NOT EXISTS (SELECT 1 FROM listedLayer WHERE layer = slot)
        """

    func change(_ sql: String, _ arguments: StatementArguments) throws(StateError) -> Bool {
        try write { database in
            try database.cachedStatement(sql: sql).execute(arguments: arguments)
            return database.changesCount > 0
        }
    }

    static func layer(_ digest: Digest, in database: Database) throws -> LayerRecord? {
        let statement = try database.cachedStatement(sql: "SELECT * FROM layer WHERE digest = ?")
        return try Row.fetchOne(statement, arguments: [digest.description]).map { try LayerRecord($0) }
    }

    /// Of `slots`, forgets those that nothing refers to, and the credentials that nothing here can be read with any more.
    static func removeLayers(_ slots: [Int64], keeping kept: Set<Digest>, in database: Database) throws -> [LayerRecord]
    {
        let orphan = try database.cachedStatement(sql: "\(unreferenced) AND slot = :slot")
        let deletion = try database.cachedStatement(sql: "DELETE FROM layer WHERE slot = ?")
        var removed: [LayerRecord] = []
        for slot in slots {
            guard let row = try Row.fetchOne(orphan, arguments: ["slot": slot]) else { continue }
            let layer = try LayerRecord(row)
            guard !kept.contains(layer.digest) else { continue }
            try deletion.execute(arguments: [slot])
            removed.append(layer)
        }
        try forgetUselessCredentials(in: database)
        return removed
    }

    private static func allocate(_ new: NewLayer, in database: Database) throws -> LayerRecord {
        guard let known = try layer(new.digest, in: database) else {
            let statement = try database.cachedStatement(
                sql: "INSERT INTO layer (digest, size, diffID, compression, source) VALUES (?, ?, ?, ?, ?)")
            try statement.execute(arguments: [
                new.digest.description, new.size, new.diffID.description, new.compression, new.source,
            ])
            guard let layer = try layer(new.digest, in: database) else {
                throw StateError(.conflict, "layer \(new.digest) is not there after it was added")
            }
            return layer
        }
        guard known.diffID == new.diffID, known.size == new.size, known.compression == new.compression else {
            let message = """
                layer \(new.digest) is known with size \(known.size), compression \(known.compression) and diffID \
                \(known.diffID); this image says \(new.size), \(new.compression) and \(new.diffID). If this image is the right one, \
                remove the images that share the layer and pull again
                """
            throw StateError(.conflict, message)
        }
        guard known.source != new.source else { return known }
        let statement = try database.cachedStatement(sql: "UPDATE layer SET source = ? WHERE slot = ?")
        try statement.execute(arguments: [new.source, Int64(known.slot)])
        var layer = known
        layer.source = new.source
        return layer
    }
}
