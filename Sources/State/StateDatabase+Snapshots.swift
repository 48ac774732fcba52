package import FoundationEssentials
internal import GRDB
package import OCI

extension StateDatabase {
    /// Makes an active snapshot or a view.
    ///
    /// - Parameters:
    ///   - parent: name of the committed snapshot below it; nil for none.
    ///   - place: called in the transaction with the new id, to put the directory of that name in its place; what it throws takes
    ///     the snapshot back. A crash in between leaves a directory without snapshot, never a snapshot without directory.
    /// - Throws: `.snapshot` with `nameTaken`, `parentNotFound` or `parentNotCommitted`; `.unavailable` for what `place` throws.
    package func createSnapshot(
        _ name: String, kind: SnapshotRecord.Kind, parent: String?, labels: [String: String], at time: Date,
        place: (Int64) throws -> Void
    ) throws(StateError) -> SnapshotRecord {
        try write { database in
            try Self.refuseTaken(name, in: database)
            let parentID = try Self.parentID(parent, in: database)
            let new = SnapshotRecord(
                id: 0, name: name, parent: parent, kind: kind, createdAt: time, updatedAt: time, labels: labels)
            let record = try Self.insert(new, parentID: parentID, in: database)
            try place(record.id)
            return record
        }
    }

    /// Makes one of our layers the committed snapshot `name`, or finds that it is that already.
    ///
    /// - Returns: nil if the layer is not recorded any more, or `name` is something else.
    /// - Throws: `.snapshot` with `parentNotFound` or `parentNotCommitted`.
    package func adoptSnapshot(
        _ name: String, parent: String?, chain: Digest, layer: Digest, labels: [String: String], at time: Date
    ) throws(StateError) -> SnapshotRecord? {
        try write { database in
            let parentID = try Self.parentID(parent, in: database)
            if let known = try Self.snapshot(name, in: database) {
                return known.chain == chain && known.parent == parent ? known : nil
            }
            guard try Self.layer(layer, in: database) != nil else { return nil }
            let new = SnapshotRecord(
                id: 0, name: name, parent: parent, kind: .committed, createdAt: time, updatedAt: time, labels: labels,
                layer: layer, chain: chain)
            return try Self.insert(new, parentID: parentID, in: database)
        }
    }

    /// Finishes the active snapshot `key`, which is called `name` from now on. Its labels are replaced, its times begin anew
    /// (specs/containerd.md 5, Commit); what was measured of it no longer holds.
    /// - Throws: `.snapshot` with `notFound`, `notActive` or `nameTaken`.
    package func commitSnapshot(
        _ key: String, as name: String, labels: [String: String], at time: Date
    ) throws(StateError) -> SnapshotRecord {
        try write { database in
            var record = try Self.knownSnapshot(key, in: database)
            guard record.kind == .active else {
                throw StateError(.snapshot(.notActive), "snapshot '\(key)' is \(record.kind), not active")
            }
            try Self.refuseTaken(name, in: database)
            try database.execute(
                sql: """
                    UPDATE snapshot SET name = ?, kind = ?, labels = ?, createdAt = ?, updatedAt = ?, bytes = NULL, inodes = NULL
                    WHERE id = ?
                    """,
                arguments: [
                    name, SnapshotRecord.Kind.committed.rawValue, try Self.text(labels), time.milliseconds,
                    time.milliseconds, record.id,
                ])
            (record.name, record.kind, record.labels, record.usage) = (name, .committed, labels, nil)
            (record.createdAt, record.updatedAt) = (time, time)
            return record
        }
    }

    /// Changes the labels of a snapshot of any kind.
    /// - Throws: `.snapshot(.notFound)`.
    package func updateSnapshot(
        _ name: String, at time: Date, _ change: (inout [String: String]) -> Void
    ) throws(StateError) -> SnapshotRecord {
        try write { database in
            var record = try Self.knownSnapshot(name, in: database)
            change(&record.labels)
            record.updatedAt = time
            try database.execute(
                sql: "UPDATE snapshot SET labels = ?, updatedAt = ? WHERE id = ?",
                arguments: [try Self.text(record.labels), time.milliseconds, record.id])
            return record
        }
    }

    /// Notes what was measured of the snapshot with this id; nothing happens if it is gone.
    package func setUsage(_ usage: SnapshotRecord.Usage, snapshot id: Int64) throws(StateError) {
        _ = try change(
            "UPDATE snapshot SET bytes = :bytes, inodes = :inodes WHERE id = :id",
            ["bytes": usage.bytes, "inodes": usage.inodes, "id": id])
    }

    /// Forgets a snapshot, and what only it kept.
    ///
    /// With the last snapshot that holds a layer go the images with that layer: containerd never tells us otherwise that an
    /// image of its own is gone. Images of which a pull in flight holds all layers stay: their snapshots are still to come.
    /// - Throws: `.snapshot` with `notFound` or `hasChildren`.
    package func removeSnapshot(_ name: String, keeping kept: Set<Digest>) throws(StateError) -> RemovedSnapshot {
        try write { database in
            let record = try Self.knownSnapshot(name, in: database)
            let child = try String.fetchOne(
                database, sql: "SELECT name FROM snapshot WHERE parent = ? ORDER BY id LIMIT 1", arguments: [record.id])
            if let child {
                throw StateError(
                    .snapshot(.hasChildren),
                    "snapshot '\(name)' carries others, such as '\(child)'; remove those first")
            }
            let slot = try Int64.fetchOne(
                database, sql: "SELECT layer FROM snapshot WHERE id = ?", arguments: [record.id])
            try database.execute(sql: "DELETE FROM snapshot WHERE id = ?", arguments: [record.id])
            guard let slot else { return RemovedSnapshot(snapshot: record, layers: [], images: []) }
            let images = try Self.imagesLosing(slot, keeping: kept, in: database)
            let slots = try images.reduce(into: [slot]) { $0 += try Self.forgetImage($1, in: database) }
            return RemovedSnapshot(
                snapshot: record, layers: try Self.removeLayers(slots, keeping: kept, in: database),
                images: try images.map { try Digest($0) })
        }
    }

    /// The images that go if no snapshot holds their layer in `slot`; none while one does.
    private static func imagesLosing(
        _ slot: Int64, keeping kept: Set<Digest>, in database: Database
    ) throws -> [String] {
        let isHeld = try Bool.fetchOne(
            database, sql: "SELECT EXISTS (SELECT 1 FROM snapshot WHERE layer = ?)", arguments: [slot])
        if isHeld == true { return [] }
        let images = try String.fetchAll(
            database, sql: "SELECT DISTINCT image FROM imageLayer WHERE layer = ? ORDER BY image", arguments: [slot])
        return try images.filter { image in
            let layers = try String.fetchAll(
                database,
                sql: "SELECT digest FROM layer JOIN imageLayer ON layer = slot WHERE image = ?", arguments: [image])
            return try !layers.allSatisfy { kept.contains(try Digest($0)) }
        }
    }

    private static func insert(
        _ new: SnapshotRecord, parentID: Int64?, in database: Database
    ) throws -> SnapshotRecord {
        try database.execute(
            sql: """
                INSERT INTO snapshot (name, parent, kind, createdAt, updatedAt, labels, layer, chain)
                VALUES (?, ?, ?, ?, ?, ?, (SELECT slot FROM layer WHERE digest = ?), ?)
                """,
            arguments: [
                new.name, parentID, new.kind.rawValue, new.createdAt.milliseconds, new.updatedAt.milliseconds,
                try text(new.labels), new.layer?.description, new.chain?.description,
            ])
        return try knownSnapshot(new.name, in: database)
    }

    private static func refuseTaken(_ name: String, in database: Database) throws {
        guard try snapshot(name, in: database) == nil else {
            throw StateError(.snapshot(.nameTaken), "there is a snapshot '\(name)' already")
        }
    }

    private static func parentID(_ name: String?, in database: Database) throws -> Int64? {
        guard let name else { return nil }
        guard let parent = try snapshot(name, in: database) else {
            throw StateError(.snapshot(.parentNotFound), "there is no snapshot '\(name)' to stand on")
        }
        guard parent.kind == .committed else {
            throw StateError(
                .snapshot(.parentNotCommitted),
                "snapshot '\(name)' is \(parent.kind); only committed ones can carry others")
        }
        return parent.id
    }

    private static func text(_ labels: [String: String]) throws -> String {
        String(decoding: try OCIDocument.encode(labels), as: UTF8.self)
    }
}
