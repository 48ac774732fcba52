import Foundation
import OCI
import State
import Testing

@Suite("Layers and their slots")
struct LayerTests {
    @Test("slots start at 1, are the same when asked again, and last")
    func slots() throws {
        try withDirectory { directory in
            let path = directory + "/state.db"
            let database = try StateDatabase(path: path)
            let first = try database.allocate([makeLayer("a"), makeLayer("b"), makeLayer("a")])
            #expect(first.map(\.slot) == [1, 2, 1])
            #expect(try database.allocate(makeLayer("b")).slot == 2)
            try database.close()
            let again = try StateDatabase(path: path)
            #expect(try again.allocate([makeLayer("b"), makeLayer("c")]).map(\.slot) == [2, 3])
            #expect(try again.layer(slot: 3)?.digest == digest("c"))
            #expect(try again.layer(slot: 4) == nil)
            #expect(try again.layer(digest("a")) == first.first)
        }
    }

    @Test("a slot is never given out twice, not even the highest after a restart")
    func neverReused() throws {
        try withDirectory { directory in
            let path = directory + "/state.db"
            let database = try StateDatabase(path: path)
            _ = try database.allocate([makeLayer("a"), makeLayer("b")])
            #expect(try database.removeUnreferencedLayers(keeping: []).map(\.slot) == [1, 2])
            try database.close()
            #expect(try StateDatabase(path: path).allocate(makeLayer("b")).slot == 3)
        }
    }

    @Test("the newest source counts, what is known stays")
    func source() throws {
        try withDatabase { database in
            _ = try database.allocate(makeLayer("a", source: "docker.io/library/x"))
            #expect(try database.markComplete(digest("a")))
            let again = try database.allocate(makeLayer("a", source: "ghcr.io/y"))
            #expect(again.source == "ghcr.io/y" && again.isComplete)
            #expect(try database.layer(digest("a")) == again)
        }
    }

    @Test("a layer never changes what it is", arguments: ["diffID", "size", "compression"])
    func contradiction(_ what: String) throws {
        try withDatabase { database in
            let known = try database.allocate(makeLayer("a"))
            var other = makeLayer("a", source: "evil.example/x")
            switch what {
            case "diffID": other.diffID = digest("another")
            case "size": other.size = 7
            default: other.compression = "none"
            }
            let error = #expect(throws: StateError.self) { try database.allocate([makeLayer("b"), other]) }
            #expect(error?.code == .conflict)
            #expect(error?.message.contains(digest("a").description) == true)
            #expect(try database.layers() == [known])
        }
    }

    @Test("complete, poisoned, complete again")
    func marks() throws {
        try withDatabase { database in
            _ = try database.allocate(makeLayer("a"))
            #expect(try database.markComplete(digest("a")))
            #expect(try database.layer(digest("a"))?.isComplete == true)
            #expect(try database.markIncomplete(digest("a")))
            #expect(try database.layer(digest("a"))?.isComplete == false)
            #expect(try database.poison(digest("a"), reason: "diffID differs"))
            #expect(try database.layer(digest("a"))?.poisoned == "diffID differs")
            #expect(try database.layer(digest("a"))?.isComplete == false)
            #expect(try database.markComplete(digest("a")))
            #expect(try database.layer(digest("a"))?.poisoned == nil)
            #expect(try !database.markComplete(digest("unknown")))
            #expect(try !database.poison(digest("unknown"), reason: "x"))
        }
    }

    @Test("threads allocating the same layers at once agree")
    func concurrent() async throws {
        let directory = NSTemporaryDirectory() + "imagelet-state-" + UUID().uuidString
        try FileManager.default.createDirectory(atPath: directory, withIntermediateDirectories: true)
        defer { try? FileManager.default.removeItem(atPath: directory) }
        // Two connections to one file, as an old and a new daemon for a moment have.
        let databases = try [0, 1].map { _ in try StateDatabase(path: directory + "/state.db") }
        let found = try await withThrowingTaskGroup(of: [UInt32].self) { group in
            for writer in 0..<8 {
                group.addTask {
                    try (0..<50).map { number in
                        try databases[writer % 2].allocate(makeLayer("layer \(number)", source: "r/\(writer)")).slot
                    }
                }
            }
            return try await group.reduce(into: []) { $0.append($1) }
        }
        #expect(Set(found).count == 1)
        #expect(Set(found.joined()).count == 50)
        for database in databases { #expect(try database.layers().count == 50) }
    }

    @Test("writers of images, mounts and layers do not get into each other's way")
    func mixedWriters() async throws {
        let directory = NSTemporaryDirectory() + "imagelet-state-" + UUID().uuidString
        try FileManager.default.createDirectory(atPath: directory, withIntermediateDirectories: true)
        defer { try? FileManager.default.removeItem(atPath: directory) }
        let database = try StateDatabase(path: directory + "/state.db")
        let shared: Set<Digest> = [digest("shared")]
        try await withThrowingTaskGroup(of: Void.self) { group in
            for writer in 0..<6 {
                group.addTask {
                    for round in 0..<10 {
                        let name = "image \(writer) \(round)"
                        try database.pull(name, tags: ["x/\(writer):\(round)"], layers: ["shared", name])
                        _ = try database.images()
                        let removed = try database.removeImage(digest(name), keeping: shared)
                        #expect(removed.map(\.digest) == [digest(name)])
                    }
                }
            }
            try await group.waitForAll()
        }
        #expect(try database.images().isEmpty)
        #expect(try database.layers().map(\.digest) == [digest("shared")])
    }
}
