package import FoundationEssentials
internal import GRDB
package import OCI

extension StateDatabase {
    /// Lists a stack of layers, lowest first, each with the id that image stores give it there. From then on the layers stay until
    /// `unlist`.
    ///
    /// Idempotent: a known id stays; its content becomes the layer given here.
    /// - Throws: `.conflict` if a layer was not allocated.
    package func list(_ stack: [(id: Digest, layer: Digest)], at time: Date) throws(StateError) {
        try write { database in
            let listing = try database.cachedStatement(
                sql: """
                    INSERT INTO listedLayer (id, parent, layer, createdAt) SELECT ?, ?, slot, ? FROM layer WHERE digest = ?
                    ON CONFLICT (id) DO UPDATE SET layer = excluded.layer
                    """)
            var parent: Digest?
            for (id, layer) in stack {
                try listing.execute(arguments: [
                    id.description, parent?.description, time.milliseconds, layer.description,
                ])
                guard database.changesCount == 1 else {
                    throw StateError(.conflict, "layer \(layer) cannot be listed: it has no slot; pull the image again")
                }
                parent = id
            }
        }
    }

    /// All listed layers, in no order.
    package func listedLayers() throws(StateError) -> [ListedLayerRecord] {
        try read { database in
            try Row.fetchAll(
                database,
                sql: """
                    SELECT listedLayer.id, listedLayer.parent, listedLayer.createdAt, layer.* FROM listedLayer
                    JOIN layer ON layer.slot = listedLayer.layer
                    """
            ).map { row in
                ListedLayerRecord(
                    id: try row.digest("id"),
                    parent: try row.decode(String?.self, forColumn: "parent").map { try Digest($0) },
                    layer: try LayerRecord(row), createdAt: try row.date("createdAt"))
            }
        }
    }

    /// Takes layers off the list, but those of `kept` and those that others on the list stand on.
    /// - Returns: layers that nobody needs any more and that are forgotten with it; their files may go once clients see the new list.
    package func unlist(_ ids: Set<Digest>, keeping kept: Set<Digest>) throws(StateError) -> [LayerRecord] {
        try write { database in
            let removal = try database.cachedStatement(
                sql: """
                    DELETE FROM listedLayer WHERE id = :id AND NOT EXISTS (SELECT 1 FROM listedLayer AS above WHERE above.parent = :id)
                    """)
            var slots: Set<Int64> = []
            var left = try ids.compactMap { id in
                try Row.fetchOne(
                    database,
                    sql: "SELECT slot, digest FROM layer JOIN listedLayer ON layer = slot WHERE listedLayer.id = ?",
                    arguments: [id.description]
                ).map { (id: id, slot: try $0.decode(Int64.self, forColumn: "slot"), layer: try $0.digest("digest")) }
            }.filter { !kept.contains($0.layer) }
            // From the tops down, as long as something comes off.
            while true {
                let count = left.count
                try left.removeAll { entry in
                    try removal.execute(arguments: ["id": entry.id.description])
                    guard database.changesCount == 1 else { return false }
                    slots.insert(entry.slot)
                    return true
                }
                guard left.count < count else { break }
            }
            return try Self.removeLayers(slots.sorted(), keeping: kept, in: database)
        }
    }
}
