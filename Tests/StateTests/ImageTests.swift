import Foundation
import OCI
import State
import Testing

@Suite("Images")
struct ImageTests {
    @Test("what is saved is found again", arguments: [nil, .id(1000), .id(0), .name("www-data")] as [ImageUser?])
    func roundTrip(_ user: ImageUser?) throws {
        try withDatabase { database in
            let image = makeImage(
                "a", tags: ["ghcr.io/x/a:1", "docker.io/library/a:2"],
                digests: ["docker.io/library/a@\(digest("m a"))"], layers: ["one", "two", "one"], user: user)
            let saved = try database.pull(image, layers: ["one", "two"])
            #expect(saved == image)
            #expect(try database.image(image.id) == image)
            #expect(try database.image(named: "docker.io/library/a:2") == image)
            #expect(try database.image(named: "docker.io/library/a@\(digest("m a"))") == image)
            #expect(try database.images() == [image])
            #expect(try database.image(named: "docker.io/library/a:3") == nil)
            #expect(try database.image(digest("b")) == nil)
        }
    }

    @Test("a second pull unites names and keeps the first date and the pin")
    func merge() throws {
        try withDatabase { database in
            try database.pull("a", tags: ["x/a:1"], digests: ["x/a@1"], layers: ["one", "two"], pulledAt: 100)
            #expect(try database.setPinned(true, image: digest("a")))
            try database.pull("a", tags: ["y/a:1"], digests: ["y/a@1"], layers: ["three"], pulledAt: 200)
            let merged = try #require(try database.image(digest("a")))
            #expect(merged.references == ["x/a:1", "y/a:1"])
            #expect(merged.digests == ["x/a@1", "y/a@1"])
            #expect(merged.createdAt == Date(timeIntervalSince1970: 100))
            #expect(merged.lastPulledAt == Date(timeIntervalSince1970: 200))
            #expect(merged.isPinned)
            #expect(merged.layers == [digest("three")])
        }
    }

    @Test("a tag that moves is taken from its old image, which stays by digest")
    func movedTag() throws {
        try withDatabase { database in
            try database.pull("old", tags: ["x/a:1"], digests: ["x/a@old"], pulledAt: 1)
            try database.pull("new", tags: ["x/a:1"], digests: ["x/a@new"], pulledAt: 2)
            let images = try database.images()
            #expect(images.map(\.id) == [digest("new"), digest("old")])
            #expect(images.map(\.references) == [["x/a:1"], []])
            #expect(images.map(\.digests) == [["x/a@new"], ["x/a@old"]])
            #expect(try database.image(named: "x/a:1")?.id == digest("new"))
        }
    }

    @Test("id prefixes")
    func prefixes() throws {
        try withDatabase { database in
            for number in 0..<40 { try database.pull("image \(number)", tags: ["x/a:\(number)"]) }
            let id = digest("image 7")
            for length in [3, 12, 63, 64] where length > 3 {
                let prefix = String(id.hex.prefix(length))
                #expect(try database.images(idPrefix: prefix).map(\.id) == [id])
                #expect(try database.images(idPrefix: "sha256:" + prefix).map(\.id) == [id])
            }
            let letter = String(id.hex.prefix(1))
            let expected = (0..<40).map { digest("image \($0)") }.filter { $0.hex.hasPrefix(letter) }
            #expect(Set(try database.images(idPrefix: letter).map(\.id)) == Set(expected))
            for other in ["", "sha256:", "xyz", "%", "' OR 1=1 --", id.hex + "0", id.hex.uppercased()] {
                #expect(try database.images(idPrefix: other).isEmpty)
            }
        }
    }

    @Test("an image whose layer was not allocated is refused, and nothing of it stays")
    func unknownLayer() throws {
        try withDatabase { database in
            _ = try database.allocate(makeLayer("one"))
            let error = #expect(throws: StateError.self) {
                try database.save(makeImage("a", tags: ["x/a:1"], layers: ["one", "two"]))
            }
            #expect(error?.code == .conflict)
            #expect(try database.images().isEmpty)
            #expect(try database.image(named: "x/a:1") == nil)
        }
    }

    @Test("removal gives back the layers nobody needs, once")
    func removal() throws {
        try withDatabase { database in
            try database.pull("a", tags: ["x/a:1", "y/a:1"], digests: ["x/a@1"], layers: ["base", "mine", "mine"])
            try database.pull("b", tags: ["x/b:1"], layers: ["base", "other"])
            #expect(try database.removeImage(digest("a"), keeping: []).map(\.digest) == [digest("mine")])
            #expect(try database.image(digest("a")) == nil)
            #expect(try database.image(named: "y/a:1") == nil)
            #expect(try database.layers().map(\.digest) == [digest("base"), digest("other")])
            #expect(try database.removeImage(digest("a"), keeping: []).isEmpty)
            let last = try database.removeImage(digest("b"), keeping: [])
            #expect(last.map(\.digest) == [digest("base"), digest("other")])
            #expect(try database.layers().isEmpty)
        }
    }

    @Test("layers of a pull in flight stay")
    func keeping() throws {
        try withDatabase { database in
            try database.pull("a", layers: ["base", "mine"])
            let removed = try database.removeImage(digest("a"), keeping: [digest("base")])
            #expect(removed.map(\.digest) == [digest("mine")])
            // The pull ends well: its image can be saved although the layer's only image is gone.
            try database.save(makeImage("b", layers: ["base"]))
            #expect(try database.removeUnreferencedLayers(keeping: []).isEmpty)
        }
    }

    @Test("layers that fell out of an image are swept")
    func sweep() throws {
        try withDatabase { database in
            try database.pull("a", layers: ["one"])
            try database.pull("a", layers: ["two"])
            _ = try database.allocate([makeLayer("flying"), makeLayer("failed")])
            let swept = try database.removeUnreferencedLayers(keeping: [digest("flying")])
            #expect(swept.map(\.digest) == [digest("one"), digest("failed")])
            #expect(try database.layers().map(\.digest) == [digest("two"), digest("flying")])
        }
    }

    @Test("three hundred images of twenty layers are listed whole")
    func many() throws {
        try withDatabase { database in
            let layers = (0..<20).map { "layer \($0)" }
            for number in 0..<300 {
                try database.pull("i\(number)", tags: ["x/i:\(number)"], layers: layers, pulledAt: Double(number))
            }
            let images = try database.images()
            #expect(images.map(\.references) == (0..<300).reversed().map { ["x/i:\($0)"] })
            #expect(images.allSatisfy { $0.layers == layers.map { digest($0) } })
        }
    }
}
