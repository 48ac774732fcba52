import Foundation
import OCI
import State
import Testing

@Suite("Layers as snapshots")
struct AdoptionTests {
    private static let now = Date(timeIntervalSince1970: 1000.5)
    private static let chain = digest("chain")

    private func adopt(
        _ database: StateDatabase, _ name: String, layer: String, chain: Digest = chain, on parent: String? = nil
    ) throws -> SnapshotRecord? {
        try database.adoptSnapshot(
            name, parent: parent, chain: chain, layer: digest(layer), labels: ["l": "1"], at: Self.now)
    }

    @Test("an offer holds until its layer goes; the newest counts")
    func offers() throws {
        try withDatabase { database in
            #expect(try database.offeredLayer(chain: Self.chain) == nil)
            let error = #expect(throws: StateError.self) { try database.offer([(Self.chain, digest("a"))]) }
            #expect(error?.code == .conflict)
            _ = try database.allocate([makeLayer("a"), makeLayer("b")])
            try database.offer([(Self.chain, digest("a")), (digest("other"), digest("b"))])
            try database.offer([(Self.chain, digest("a"))])
            #expect(try database.offeredLayer(chain: Self.chain) == digest("a"))
            try database.offer([(Self.chain, digest("b"))])
            #expect(try database.offeredLayer(chain: Self.chain) == digest("b"))
            #expect(try database.removeUnreferencedLayers(keeping: []).count == 2)
            #expect(try database.offeredLayer(chain: Self.chain) == nil)
        }
    }

    @Test("a layer becomes a committed snapshot, once for a name")
    func adopting() throws {
        try withDatabase { database in
            _ = try database.allocate([makeLayer("a"), makeLayer("b")])
            let base = try #require(try adopt(database, "base", layer: "a"))
            let expected = SnapshotRecord(
                id: 1, name: "base", kind: .committed, createdAt: Self.now, updatedAt: Self.now, labels: ["l": "1"],
                layer: digest("a"), chain: Self.chain)
            #expect(base == expected)
            #expect(try adopt(database, "base", layer: "b") == expected)
            #expect(try adopt(database, "base", layer: "a", chain: digest("other")) == nil)
            #expect(try adopt(database, "base", layer: "a", on: "base") == nil)
            #expect(try adopt(database, "top", layer: "unknown", on: "base") == nil)
            #expect(try adopt(database, "top", layer: "b", on: "base")?.parent == "base")
            #expect(try database.snapshots().map(\.name) == ["base", "top"])
            let error = #expect(throws: StateError.self) { _ = try adopt(database, "x", layer: "b", on: "none") }
            #expect(error?.code == .snapshot(.parentNotFound))
        }
    }

    @Test("a layer stays while a snapshot has it as its content, whoever else goes")
    func keeping() throws {
        try withDatabase { database in
            try database.pull("image", layers: ["a", "b"])
            _ = try adopt(database, "one", layer: "a")
            _ = try adopt(database, "two", layer: "a")
            #expect(try database.removeImage(digest("image"), keeping: []).map(\.digest) == [digest("b")])
            #expect(try database.removeUnreferencedLayers(keeping: []).isEmpty)
            #expect(try database.removeSnapshot("one", keeping: []).layers.isEmpty)
            let removed = try database.removeSnapshot("two", keeping: [])
            #expect(removed.layers.map(\.digest) == [digest("a")] && removed.images.isEmpty)
            #expect(try database.layers().isEmpty)
        }
    }

    @Test("with the last snapshot of a layer go the images that have it, and what only they needed")
    func lastSnapshot() throws {
        try withDatabase { database in
            try database.pull("one", tags: ["x/one:1"], layers: ["shared", "a"])
            try database.pull("two", tags: ["x/two:1"], layers: ["shared", "b"])
            try database.pull("three", tags: ["x/three:1"], layers: ["c"])
            try database.setUsedIndex(digest("index"), manifest: digest("m one"))
            _ = try adopt(database, "base", layer: "shared")
            _ = try adopt(database, "top a", layer: "a", on: "base")
            _ = try adopt(database, "top b", layer: "b", on: "base")

            let first = try database.removeSnapshot("top a", keeping: [])
            #expect(first.images == [digest("one")] && first.layers.map(\.digest) == [digest("a")])
            #expect(try database.usedIndex(manifest: digest("m one")) == nil)
            #expect(try database.image(named: "x/two:1") != nil)

            #expect(try database.removeSnapshot("top b", keeping: []).images == [digest("two")])
            #expect(try database.removeSnapshot("base", keeping: []).layers.map(\.digest) == [digest("shared")])
            // No snapshot ever had a layer of it.
            #expect(try database.images().map(\.id) == [digest("three")])
        }
    }

    @Test("pulls in flight keep their layers, and an image all of whose layers they hold")
    func inFlight() throws {
        try withDatabase { database in
            try database.pull("old", tags: ["x/old:1"], layers: ["shared", "a"])
            try database.pull("new", tags: ["x/new:1"], layers: ["shared", "b"])
            _ = try adopt(database, "base", layer: "shared")
            let removed = try database.removeSnapshot("base", keeping: [digest("shared"), digest("b")])
            #expect(removed.images == [digest("old")])
            #expect(removed.layers.map(\.digest) == [digest("a")])
            #expect(try database.images().map(\.id) == [digest("new")])
        }
    }

    @Test("a snapshot that is a directory takes nothing with it")
    func directories() throws {
        try withDatabase { database in
            try database.pull("image", layers: ["a"])
            _ = try database.createSnapshot("dir", kind: .active, parent: nil, labels: [:], at: Self.now) { _ in }
            let removed = try database.removeSnapshot("dir", keeping: [])
            #expect(removed.snapshot.name == "dir" && removed.layers.isEmpty && removed.images.isEmpty)
            #expect(try database.images().count == 1)
        }
    }
}
