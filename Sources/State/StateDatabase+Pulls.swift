internal import GRDB
package import OCI

extension StateDatabase {
    /// Notes are for people; the oldest make room.
    package static let maximumPullNotes = 1000

    /// Remembers how the last pull of a name went.
    package func note(_ pull: PullNote) throws(StateError) {
        try write { database in
            try database.execute(
                sql: "INSERT OR REPLACE INTO pullNote (name, image, strategy, reasons, date) VALUES (?, ?, ?, ?, ?)",
                arguments: [
                    pull.name, pull.imageID?.description, pull.strategy, pull.reasons, pull.date.milliseconds,
                ])
            try database.execute(
                sql: """
                    DELETE FROM pullNote WHERE name IN
                      (SELECT name FROM pullNote ORDER BY date DESC, name LIMIT -1 OFFSET ?)
                    """,
                arguments: [Self.maximumPullNotes])
        }
    }

    /// All notes, the newest first.
    package func pullNotes() throws(StateError) -> [PullNote] {
        try read { database in
            try Row.fetchAll(database, sql: "SELECT * FROM pullNote ORDER BY date DESC, name").map { row in
                PullNote(
                    name: try row.decode(String.self, forColumn: "name"),
                    imageID: try row.decode(String?.self, forColumn: "image").map { try Digest($0) },
                    strategy: try row.decode(String.self, forColumn: "strategy"),
                    reasons: try row.decode(String.self, forColumn: "reasons"),
                    date: try row.date("date"))
            }
        }
    }

    /// Whether an image here has this name, or a pull of it is noted.
    package func hasPulled(_ name: String) throws(StateError) -> Bool {
        try read { database in
            try Bool.fetchOne(
                database,
                sql: """
                    SELECT EXISTS (SELECT 1 FROM imageName WHERE name = :name)
                        OR EXISTS (SELECT 1 FROM pullNote WHERE name = :name)
                    """,
                arguments: ["name": name]) ?? false
        }
    }

    package func forgetPull(_ name: String) throws(StateError) {
        _ = try change("DELETE FROM pullNote WHERE name = ?", [name])
    }

    package func forgetPulls(of imageID: Digest) throws(StateError) {
        _ = try change("DELETE FROM pullNote WHERE image = ?", [imageID.description])
    }
}
