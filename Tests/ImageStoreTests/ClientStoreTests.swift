import Foundation
import OCI
import TestSupport
import Testing

@testable import ImageStore

@Suite("Stores of clients")
struct ClientStoreTests {
    private func store(_ files: [String: String]) throws -> ClientStore {
        let scratch = try ScratchDirectory()
        _ = try scratch.makeDirectory("overlay-images")
        for (name, text) in files {
            _ = try scratch.makeDirectory(String(name.split(separator: "/")[0]))
            try scratch.write(Array(text.utf8), to: name)
        }
        return try ClientStore(reading: [scratch.path])
    }

    @Test func anUnusedStoreIsEmpty() throws {
        #expect(try store([:]) == ClientStore())
        #expect(try store(["overlay-layers/layers.json": "", "overlay-images/images.json": "null"]) == ClientStore())
    }

    /// One that cannot be seen from here must not look like one without images.
    @Test func aStoreThatIsElsewhereIsAnError() {
        #expect(throws: ClientStore.AbsentStore.self) { try ClientStore(reading: ["/nowhere/at/all"]) }
    }

    @Test func imagesAndContainersNameWhatTheyStandOn() throws {
        let stack = makeStack(["a", "b", "c"])
        let listing = StoreListing(stack)
        func uses(_ files: [String: String]) throws -> Set<Digest> { try store(files).uses(of: listing) }
        let image = #"[{"id":"i","layer":"\#(stack[1].id.hex)","names":["x"]}]"#
        #expect(try uses(["overlay-images/images.json": image]) == Set(stack.prefix(2).map(\.id)))
        // A container's layer, also one that is forgotten at boot; an image's copy for a user namespace.
        for name in ["layers.json", "volatile-layers.json"] {
            let layers = #"[{"id":"ff","parent":"\#(stack[2].id.hex)","names":["c-layer"]},{"id":"0"}]"#
            #expect(try uses(["overlay-layers/\(name)": layers]) == Set(stack.map(\.id)))
        }
        let mapped = #"[{"id":"i","layer":"other","mapped-layers":["\#(stack[0].id.hex)"]}]"#
        #expect(try uses(["overlay-images/images.json": mapped]) == [stack[0].id])
        #expect(try uses(["overlay-images/images.json": #"[{"id":"i"}]"#]).isEmpty)
        // What it has itself it needs not from us, unless something of ours stands on it.
        let own = #"[{"id":"\#(stack[1].id.hex)","parent":"\#(stack[0].id.hex)"},{"id":"\#(stack[0].id.hex)"}"#
        #expect(try uses(["overlay-images/images.json": image, "overlay-layers/layers.json": own + "]"]).isEmpty)
        let container = own + #",{"id":"ff","parent":"\#(stack[2].id.hex)"}]"#
        #expect(try uses(["overlay-layers/layers.json": container]) == Set(stack.map(\.id)))
    }

    @Test func takenIsWhatIsNotItsOwn() throws {
        let stack = makeStack(["a", "b"])
        let (image, top) = (digest("image"), stack[1].id)
        let images = #"[{"id":"\#(image.hex)","layer":"\#(top.hex)"}]"#
        #expect(try store(["overlay-images/images.json": images]).hasTaken(image, standingOn: top))
        #expect(try !store(["overlay-images/images.json": images]).hasTaken(digest("other"), standingOn: top))
        let own = #"[{"id":"\#(top.hex)","parent":"x","flags":{"incomplete":true}}]"#
        let both = try store(["overlay-images/images.json": images, "overlay-layers/layers.json": own])
        #expect(!both.hasTaken(image, standingOn: top))
        #expect(both.incomplete == [top.hex])
    }

    @Test(
        "What cannot be read is an error, not an empty store",
        arguments: ["{", "[1]", "[{}]", #"{"id":"x"}"#, "\u{0}", #"[{"id":1}]"#, #"[{"id":"x","parent":[]}]"#])
    func unreadable(text: String) {
        #expect(throws: (any Error).self) { try store(["overlay-layers/layers.json": text]) }
    }
}
