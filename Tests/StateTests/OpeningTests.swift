import Foundation
import GRDB
import OCI
import Testing

@testable import State

@Suite("Opening, crashes and damage")
struct OpeningTests {
    private func opening(_ path: String) -> StateError? {
        #expect(throws: StateError.self) { try StateDatabase(path: path) }
    }

    @Test("a new database is for its owner only")
    func mode() throws {
        try withDirectory { directory in
            let database = try StateDatabase(path: directory + "/state.db")
            try database.pull("a")
            for name in try FileManager.default.contentsOfDirectory(atPath: directory) {
                let attributes = try FileManager.default.attributesOfItem(atPath: directory + "/" + name)
                #expect((attributes[.posixPermissions] as? NSNumber)?.intValue == 0o600, "\(name)")
            }
        }
    }

    @Test("what was committed is there after a kill, with and without the tail of the log")
    func kill() throws {
        try withDirectory { directory in
            let path = directory + "/state.db"
            let database = try StateDatabase(path: path)
            try database.pull("a", tags: ["x/a:1"], layers: ["one"])
            // What a kill leaves is what lies in the files right now; nothing is closed or checkpointed.
            for suffix in ["", "-wal"] {
                try FileManager.default.copyItem(atPath: path + suffix, toPath: directory + "/killed.db" + suffix)
            }
            let whole = try StateDatabase(path: directory + "/killed.db")
            #expect(try whole.image(named: "x/a:1")?.layers == [digest("one")])
            #expect(try whole.allocate(makeLayer("two")).slot == 2)

            // A log torn anywhere gives a state that once was: never an image without its layers.
            let log = try Data(contentsOf: URL(filePath: path + "-wal"))
            #expect(log.count > 4096)
            for length in stride(from: 0, to: log.count, by: 1021) {
                let torn = directory + "/torn-\(length).db"
                try FileManager.default.copyItem(atPath: path, toPath: torn)
                try log.prefix(length).write(to: URL(filePath: torn + "-wal"))
                let database = try StateDatabase(path: torn)
                for image in try database.images() {
                    #expect(image.layers == [digest("one")] && image.references == ["x/a:1"])
                }
                #expect(try database.layers().count <= 1)
                try database.close()
            }
        }
    }

    @Test("commits are synced, also after writes")
    func syncs() throws {
        try withDatabase { database in
            for name in ["a", "b"] {
                #expect(try database.write { try Int.fetchOne($0, sql: "PRAGMA synchronous") } == 2, "FULL")
                #expect(try database.read { try String.fetchOne($0, sql: "PRAGMA journal_mode") } == "wal")
                try database.pull(name)
            }
        }
    }

    @Test("after closing, operations say so")
    func closed() throws {
        try withDirectory { directory in
            let database = try StateDatabase(path: directory + "/state.db")
            try database.close()
            let error = #expect(throws: StateError.self) { try database.images() }
            #expect(error?.code == .unavailable)
        }
    }

    @Test(
        "damage is told from the rest, and the file is left alone",
        arguments: [
            Data("this is no database, whatever its name says".utf8), Data(repeating: 0, count: 8192),
            Data("SQLite format 3\0".utf8) + Data(repeating: 0xFF, count: 4080),
        ])
    func noDatabase(_ content: Data) throws {
        try withDirectory { directory in
            let path = directory + "/state.db"
            try content.write(to: URL(filePath: path))
            let error = opening(path)
            #expect(error?.code == .corrupt)
            #expect(error?.message.contains("mv \(path) ") == true)
            #expect(try Data(contentsOf: URL(filePath: path)) == content)
        }
    }

    @Test("a database with a page overwritten is refused")
    func damagedPage() throws {
        try withDirectory { directory in
            let path = directory + "/state.db"
            let database = try StateDatabase(path: path)
            for number in 0..<50 { try database.pull("i\(number)", tags: ["x/i:\(number)"]) }
            try database.close()
            var content = try Data(contentsOf: URL(filePath: path))
            for page in 3..<12 {
                content.replaceSubrange(page * 4096..<(page + 1) * 4096, with: Data(repeating: 0xA5, count: 4096))
            }
            try content.write(to: URL(filePath: path))
            #expect(opening(path)?.code == .corrupt)
        }
    }

    @Test("a column of the wrong form is damage, not a trap")
    func wrongColumn() throws {
        try withDirectory { directory in
            let path = directory + "/state.db"
            let database = try StateDatabase(path: path)
            _ = try database.allocate(makeLayer("a"))
            let raw = try DatabaseQueue(path: path)
            try raw.write { try $0.execute(sql: "UPDATE layer SET digest = 'md5:1'") }
            try raw.close()
            let error = #expect(throws: StateError.self) { try database.layers() }
            #expect(error?.code == .corrupt)
        }
    }

    @Test("somebody else's database is refused")
    func foreign() throws {
        try withDirectory { directory in
            let path = directory + "/state.db"
            let raw = try DatabaseQueue(path: path)
            try raw.write { try $0.execute(sql: "CREATE TABLE recipes (name TEXT)") }
            try raw.close()
            let before = try Data(contentsOf: URL(filePath: path))
            #expect(opening(path)?.code == .corrupt)
            #expect(try Data(contentsOf: URL(filePath: path)) == before)
        }
    }

    @Test("a database of a later version is refused before anything is touched")
    func newer() throws {
        try withDirectory { directory in
            let path = directory + "/state.db"
            let database = try StateDatabase(path: path)
            try database.pull("a")
            try database.close()
            let raw = try DatabaseQueue(path: path)
            try raw.write { try $0.execute(sql: "INSERT INTO grdb_migrations VALUES ('1000')") }
            try raw.close()
            let before = try Data(contentsOf: URL(filePath: path))
            let error = opening(path)
            #expect(error?.code == .newer)
            #expect(error?.message.contains("newer imagelet") == true)
            #expect(try Data(contentsOf: URL(filePath: path)) == before)
        }
    }

    @Test("an empty file becomes a database, a missing directory is an error")
    func emptyAndMissing() throws {
        try withDirectory { directory in
            try Data().write(to: URL(filePath: directory + "/state.db"))
            #expect(try StateDatabase(path: directory + "/state.db").images().isEmpty)
            #expect(opening(directory + "/none/state.db")?.code == .unavailable)
            #expect(opening(directory)?.code == .unavailable)
        }
    }
}
