internal import FoundationEssentials
internal import GRDB

extension StateDatabase {
    /// Writes documents, each in the place of the one with its kind and id, and forgets others, in one transaction. Whoever writes bounds
    /// their number and length.
    package func keep(_ documents: [KeptHistory], forgetting forgotten: [(kind: String, id: Int64)]) throws(StateError)
    {
        try write { database in
            for (kind, id) in forgotten {
                try database.execute(sql: "DELETE FROM history WHERE kind = ? AND id = ?", arguments: [kind, id])
            }
            for document in documents {
                try database.execute(
                    sql: "INSERT OR REPLACE INTO history (kind, id, document) VALUES (?, ?, ?)",
                    arguments: [document.kind, document.id, Data(document.document)])
            }
        }
    }

    /// All documents, by kind and id.
    package func history() throws(StateError) -> [KeptHistory] {
        try read { database in
            try Row.fetchAll(database, sql: "SELECT * FROM history ORDER BY kind, id").map { row in
                KeptHistory(
                    kind: try row.decode(String.self, forColumn: "kind"),
                    id: try row.decode(Int64.self, forColumn: "id"), document: try row.bytes("document"))
            }
        }
    }
}
