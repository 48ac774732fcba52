import Foundation
import OCI
import Testing

@testable import ImageStore

@Suite("Listing of layers")
struct ListingTests {
    /// Recorded by podman 4.3.1 of an image of two layers of its own.
    @Test func idsAreThoseOfContainersStorage() throws {
        let diffIDs = try [
            "sha256:cde8d559bb54a6fa8bfc3ad6ea12ca0e7e68509cad277ead094e9a0f16475f43",
            "sha256:2445f6fc08b7af303387e8b0059a5b3285daebf19ee0c9e6c9de14409273f957",
        ].map { try Digest($0) }
        #expect(
            Digest.storeLayerIDs(of: diffIDs).map(\.hex) == [
                "cde8d559bb54a6fa8bfc3ad6ea12ca0e7e68509cad277ead094e9a0f16475f43",
                "80fc613b73529fb9a0fb8ada3ac911cf81c7fce65ecae58d98dc5264318d2f3a",
            ])
        #expect(Digest.storeLayerIDs(of: []).isEmpty)
    }

    @Test func linksAreShortAndDiffer() {
        let links = (0..<1000).map { StoreLayer.link(of: digest("\($0)")) }
        #expect(Set(links).count == links.count)
        for link in links {
            #expect(
                link.utf8.count == 26
                    && link.utf8.allSatisfy { (0x41...0x5A).contains($0) || (0x32...0x37).contains($0) })
        }
        #expect(links.first == StoreLayer.link(of: digest("0")))
    }

    @Test func parentsComeFirstWhateverTheOrder() {
        let stack = makeStack(["a", "b", "c"])
        for layers in [stack, stack.reversed(), [stack[1], stack[2], stack[0]], stack + stack] {
            #expect(StoreListing(layers).layers.map(\.id) == stack.map(\.id))
        }
    }

    @Test func whatStandsOnNothingIsLeftOut() throws {
        let stack = makeStack(["a", "b", "c"])
        #expect(StoreListing([stack[1], stack[2]]).layers.isEmpty)
        #expect(StoreListing([stack[0], stack[2]]).layers == [stack[0]])
        // In a ring.
        var ring = makeStack(["x", "y", "z"])
        ring[0].parent = ring[2].id
        #expect(StoreListing(ring + stack).layers == stack)
        ring[0].parent = ring[0].id
        #expect(StoreListing(ring).layers.isEmpty)
    }

    @Test func lowerLinksGoFromTheNearestDown() {
        let stack = makeStack(["a", "b", "c"])
        let listing = StoreListing(stack)
        #expect(listing.lower(of: stack[0]) == nil)
        #expect(listing.lower(of: stack[2]) == "l/\(stack[1].link):l/\(stack[0].link)")
        #expect(listing.stacks(of: [stack[1].id]) == Set(stack.prefix(2).map(\.id)))
        #expect(listing.stacks(of: [digest("unknown")]).isEmpty)
    }

    @Test func theDocumentIsWhatClientsRead() throws {
        let stack = makeStack(["a", "b"])
        let records = try #require(JSONValue(parsing: String(decoding: StoreListing(stack).document, as: UTF8.self)))
        guard case .array(let list) = records else { throw OCIError(.invalidConfig, "no list") }
        #expect(list.count == 2 && list[0]["parent"] == nil)
        #expect(list[1]["id"] == .string(stack[1].id.hex) && list[1]["parent"] == .string(stack[0].id.hex))
        #expect(list[1]["compressed-diff-digest"] == .string(stack[1].blob.description))
        #expect(list[1]["diff-digest"] == .string(stack[1].diffID.description))
        #expect(list[1]["compression"] == .integer(2) && list[1]["diff-size"] == .integer(2048))
        #expect(list[1]["created"] == .string("2001-09-09T01:46:40Z"))
        #expect(try StoreListing().document == Array("[]".utf8))
    }
}

func digest(_ name: String) -> Digest { Digest(of: Array(name.utf8)) }

/// A stack of layers with content in `/content/NAME`.
func makeStack(_ names: [String]) -> [StoreLayer] {
    let ids = Digest.storeLayerIDs(of: names.map { digest("diff \($0)") })
    return zip(names, ids).enumerated().map { place, layer in
        StoreLayer(
            id: layer.1, parent: place > 0 ? ids[place - 1] : nil, blob: digest(layer.0), blobSize: 1024,
            diffID: digest("diff \(layer.0)"), diffSize: 2048, compression: .gzip,
            created: Date(timeIntervalSince1970: 1_000_000_000), content: "/content/\(layer.0)")
    }
}
