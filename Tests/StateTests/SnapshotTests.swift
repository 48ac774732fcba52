import Foundation
import OCI
import State
import Testing

@Suite("Snapshots")
struct SnapshotTests {
    private static let early = Date(timeIntervalSince1970: 1000.5)
    private static let late = Date(timeIntervalSince1970: 2000.25)

    @discardableResult
    private func create(
        _ database: StateDatabase, _ name: String, _ kind: SnapshotRecord.Kind = .active, on parent: String? = nil,
        labels: [String: String] = [:], place: (Int64) throws -> Void = { _ in }
    ) throws -> SnapshotRecord {
        try database.createSnapshot(name, kind: kind, parent: parent, labels: labels, at: Self.early, place: place)
    }

    /// An active snapshot made and committed under `name`.
    @discardableResult
    private func commit(_ database: StateDatabase, _ name: String, on parent: String? = nil) throws -> SnapshotRecord {
        try create(database, "key of \(name)", on: parent)
        return try database.commitSnapshot("key of \(name)", as: name, labels: [:], at: Self.late)
    }

    private func refuses(_ code: StateError.Code, _ what: Comment? = nil, _ body: () throws -> Void) {
        let error = #expect(throws: StateError.self, what) { try body() }
        #expect(error?.code == code, what)
    }

    @Test("made, found, listed, and there again after a restart")
    func life() throws {
        try withDirectory { directory in
            let path = directory + "/state.db"
            let database = try StateDatabase(path: path)
            var placed: [Int64] = []
            let made = try create(database, "ns/1/a b", labels: ["x.y/z": "ä\"\n"]) { placed.append($0) }
            let expected = SnapshotRecord(
                id: 1, name: "ns/1/a b", kind: .active, createdAt: Self.early, updatedAt: Self.early,
                labels: ["x.y/z": "ä\"\n"])
            #expect(made == expected && placed == [1])
            let base = try commit(database, "base")
            let view = try create(database, "view", .view, on: "base")
            try database.close()
            let again = try StateDatabase(path: path)
            #expect(try again.snapshots() == [made, base, view])
            #expect(try again.snapshot("view")?.parent == "base")
            #expect(try again.snapshot("ns/1/a  b") == nil)
            #expect(try again.snapshotStack("view") == [view, base])
            refuses(.snapshot(.notFound)) { _ = try again.snapshotStack("none") }
        }
    }

    @Test("what cannot be placed is not made")
    func unplaced() throws {
        struct Full: Error {}
        try withDatabase { database in
            refuses(.unavailable) { try create(database, "a") { _ in throw Full() } }
            let left = try database.snapshots()
            #expect(left.isEmpty)
        }
    }

    @Test("an id is never given out twice, not even the highest after a restart")
    func ids() throws {
        try withDirectory { directory in
            let path = directory + "/state.db"
            let database = try StateDatabase(path: path)
            #expect(try create(database, "a").id == 1)
            _ = try database.removeSnapshot("a", keeping: [])
            try database.close()
            #expect(try create(StateDatabase(path: path), "a").id == 2)
        }
    }

    @Test("what contradicts the present state is refused and changes nothing")
    func refusals() throws {
        try withDatabase { database in
            try commit(database, "base")
            try create(database, "active", on: "base")
            try create(database, "view", .view, on: "base")
            let before = try database.snapshots()
            refuses(.snapshot(.nameTaken)) { try create(database, "active") }
            refuses(.snapshot(.nameTaken)) { try create(database, "base", .view) }
            refuses(.snapshot(.parentNotFound)) { try create(database, "x", on: "none") }
            refuses(.snapshot(.parentNotCommitted)) { try create(database, "x", on: "active") }
            refuses(.snapshot(.parentNotCommitted)) { try create(database, "x", on: "view") }
            for (key, name, code) in [
                ("none", "x", StateError.SnapshotRefusal.notFound), ("base", "x", .notActive),
                ("view", "x", .notActive), ("active", "base", .nameTaken), ("active", "active", .nameTaken),
            ] {
                refuses(.snapshot(code), "\(key) as \(name)") {
                    _ = try database.commitSnapshot(key, as: name, labels: [:], at: Self.late)
                }
            }
            refuses(.snapshot(.hasChildren)) { _ = try database.removeSnapshot("base", keeping: []) }
            refuses(.snapshot(.notFound)) { _ = try database.removeSnapshot("none", keeping: []) }
            refuses(.snapshot(.notFound)) { _ = try database.updateSnapshot("none", at: Self.late) { _ in } }
            #expect(try database.snapshots() == before)
        }
    }

    @Test("commit gives a new name, new labels, new times; the directory stays")
    func committing() throws {
        try withDatabase { database in
            let key = try create(database, "key", labels: ["old": "1", "both": "1"])
            try database.setUsage(.init(bytes: 10, inodes: 2), snapshot: key.id)
            let record = try database.commitSnapshot("key", as: "name", labels: ["both": "2"], at: Self.late)
            let expected = SnapshotRecord(
                id: key.id, name: "name", kind: .committed, createdAt: Self.late, updatedAt: Self.late,
                labels: ["both": "2"])
            #expect(record == expected)
            #expect(try database.snapshots() == [expected])
        }
    }

    @Test("labels and usage change by themselves")
    func updates() throws {
        try withDatabase { database in
            let made = try create(database, "a", labels: ["one": "1", "two": "2"])
            let updated = try database.updateSnapshot("a", at: Self.late) { labels in
                labels["one"] = nil
                labels["three"] = "3"
            }
            #expect(updated.labels == ["two": "2", "three": "3"])
            #expect(updated.createdAt == Self.early && updated.updatedAt == Self.late)
            try database.setUsage(.init(bytes: 10, inodes: 2), snapshot: made.id)
            try database.setUsage(.init(bytes: 5, inodes: 1), snapshot: try commit(database, "b").id)
            try database.setUsage(.init(bytes: 5, inodes: 1), snapshot: 99)
            var expected = updated
            expected.usage = .init(bytes: 10, inodes: 2)
            #expect(try database.snapshot("a") == expected)
            #expect(try database.snapshotUsage() == .init(bytes: 15, inodes: 3))
        }
    }
}
