import Foundation
import OCI
import State
import Testing

@Suite("Layers listed for image stores")
struct ListingTests {
    /// Ids of the stack of layers with these names; each upon those before it.
    private func stack(_ names: [String]) -> [(id: Digest, layer: Digest)] {
        names.indices.map { (digest("id " + names[...$0].joined()), digest(names[$0])) }
    }

    private func listed(_ state: StateDatabase) throws -> Set<Digest> { Set(try state.listedLayers().map(\.id)) }

    @Test func staysWithoutAnImage() throws {
        try withDatabase { state in
            _ = try state.allocate(["a", "b", "c"].map { makeLayer($0) })
            let (one, two) = (stack(["a", "b"]), stack(["a", "b", "c"]))
            let time = Date(timeIntervalSince1970: 1000.5)
            try state.list(one, at: time)
            try state.list(two, at: Date(timeIntervalSince1970: 2000))
            #expect(try listed(state) == Set(two.map(\.id)))
            let middle = try #require(try state.listedLayers().first { $0.id == two[1].id })
            #expect(middle.parent == two[0].id && middle.layer.digest == digest("b") && middle.createdAt == time)
            #expect(try state.removeUnreferencedLayers(keeping: []).isEmpty)
            #expect(try state.unreferencedLayers(keeping: []).isEmpty)
        }
    }

    @Test func goesFromTheTopAndTakesItsLayerAlong() throws {
        try withDatabase { state in
            try state.pull("image", layers: ["a"])
            _ = try state.allocate(["a", "b", "c", "d"].map { makeLayer($0) })
            let (one, two) = (stack(["a", "b", "c"]), stack(["a", "b", "d"]))
            try state.list(one, at: Date())
            try state.list(two, at: Date())
            // Carries the top of the other.
            #expect(try state.unlist([one[1].id], keeping: []).isEmpty)
            #expect(try state.unlist([one[1].id, one[2].id], keeping: []).map(\.digest) == [digest("c")])
            #expect(try listed(state) == Set(two.map(\.id)))
            // Of a pull under way, and all below it.
            #expect(try state.unlist(Set(two.map(\.id)), keeping: [digest("d")]).isEmpty)
            #expect(try listed(state) == Set(two.map(\.id)))
            // An image has the lowest still.
            #expect(try state.unlist(Set(two.map(\.id)), keeping: []).map(\.digest) == [digest("b"), digest("d")])
            #expect(try listed(state).isEmpty)
            #expect(try state.unlist([digest("unknown")], keeping: []).isEmpty)
        }
    }

    @Test func oneLayerMayBeListedTwice() throws {
        try withDatabase { state in
            _ = try state.allocate(["a", "b"].map { makeLayer($0) })
            let twice = stack(["a", "b", "a"])
            try state.list(twice, at: Date())
            #expect(try state.unlist([twice[2].id], keeping: []).isEmpty)
            #expect(try listed(state) == Set(twice.prefix(2).map(\.id)))
        }
    }

    @Test func theNewestContentCounts() throws {
        try withDatabase { state in
            _ = try state.allocate(["a", "again"].map { makeLayer($0) })
            try state.list([(digest("id"), digest("a"))], at: Date())
            try state.list([(digest("id"), digest("again"))], at: Date())
            #expect(try state.listedLayers().map(\.layer.digest) == [digest("again")])
            #expect(try state.removeUnreferencedLayers(keeping: []).map(\.digest) == [digest("a")])
        }
    }

    @Test func nothingIsListedOfAStackThatLacksALayer() throws {
        try withDatabase { state in
            _ = try state.allocate(makeLayer("a"))
            #expect(throws: StateError.self) { try state.list(stack(["a", "absent"]), at: Date()) }
            #expect(try state.listedLayers().isEmpty)
        }
    }
}
