import Foundation
import ImageStore
import Layers
import Logging
import OCI
import SOCI
import State
import Synchronization
import TestSupport
import Testing

@testable import Images

@Suite("Layers listed for a runtime")
struct ListedLayersTests {
    private let scratch: ScratchDirectory
    private let storage: ImageStorage
    private let listed: ListedLayers
    private let directory: StoreDirectory
    /// Empty: of another driver.
    private let roots = Roots()

    private final class Roots: Sendable {
        let paths = Mutex<[String]>([])
    }

    init() throws {
        let logger = Logger(label: "test") { _ in SwiftLogNoOpLogHandler() }
        scratch = try ScratchDirectory()
        storage = ImageStorage(
            state: try StateDatabase(path: scratch.file("state.db")),
            store: LayerStore(directory: scratch.file("layers"), format: SOCIFormat(), logger: logger),
            indexes: IndexStore(directory: scratch.file("indexes")))
        for name in ["overlay-layers", "overlay-images"] { _ = try scratch.makeDirectory("graph/\(name)") }
        directory = StoreDirectory(at: scratch.file("images"), logger: logger)
        let roots = roots
        roots.paths.withLock { [path = scratch.file("graph")] in $0 = [path] }
        listed = ListedLayers(storage: storage, directory: directory, mount: "/store", logger: logger) {
            roots.paths.withLock { $0 }
        }
    }

    private func digest(_ name: String) -> Digest { Digest(of: Array(name.utf8)) }

    private func makeManifest(_ layers: [String]) throws -> ResolvedManifest {
        let type = "application/vnd.oci.image.layer.v1.tar+gzip"
        let descriptors = layers.map { #"{"mediaType":"\#(type)","size":1000,"digest":"\#(digest($0))"}"# }
        let text = """
            {"schemaVersion":2,"mediaType":"application/vnd.oci.image.manifest.v1+json",
             "config":{"mediaType":"application/vnd.oci.image.config.v1+json","size":2,"digest":"\(digest("config"))"},
             "layers":[\(descriptors.joined(separator: ","))]}
            """
        guard case .manifest(let manifest) = try ManifestDocument.parse(Array(text.utf8), mediaType: nil) else {
            throw OCIError(.invalidManifest, "no manifest")
        }
        return ResolvedManifest(
            reference: try Reference("registry.example/app:1"), digest: digest("manifest"),
            nameDigest: digest("manifest"), manifest: manifest, manifestBytes: Array(text.utf8))
    }

    /// An image of these layers, each with its record.
    private func makeImage(_ layers: [String]) throws -> ResolvedImage {
        let manifest = try makeManifest(layers)
        let diffIDs = layers.map { digest("diff " + $0) }
        let config = """
            {"architecture":"amd64","os":"linux","rootfs":{"type":"layers","diff_ids":[\(diffIDs.map { "\"\($0)\"" }.joined(separator: ","))]}}
            """
        let image = ResolvedImage(
            source: manifest, config: try ImageConfig(parsing: Array(config.utf8)), configBytes: Array(config.utf8),
            layers: zip(manifest.manifest.layers, diffIDs).map { .init(descriptor: $0, diffID: $1) })
        _ = try storage.allocate(image)
        return image
    }

    private func ids(_ layers: [String]) -> [Digest] {
        Digest.storeLayerIDs(of: layers.map { digest("diff " + $0) })
    }

    /// What the client has.
    private func client(layers: String = "[]", images: String = "[]") throws {
        try scratch.write(Array(layers.utf8), to: "graph/overlay-layers/layers.json")
        try scratch.write(Array(images.utf8), to: "graph/overlay-images/images.json")
    }

    /// Ids that a client sees, and those on record.
    private func shown() throws -> Set<String> {
        let text = String(decoding: try scratch.read("images/overlay-layers/layers.json"), as: UTF8.self)
        guard case .array(let list)? = JSONValue(parsing: text) else { return [] }
        let ids = list.compactMap { if case .string(let id)? = $0["id"] { id } else { nil } }
        #expect(try Set(storage.state.listedLayers().map(\.id.hex)) == Set(ids))
        return Set(ids)
    }

    @Test func isShownAndStaysWhileTheClientStandsOnIt() async throws {
        let image = try makeImage(["a", "b"])
        let ids = ids(["a", "b"])
        try await listed.offer(image)
        #expect(try shown() == Set(ids.map(\.hex)))
        // Of a pull under way, all of it.
        storage.custody.hold([digest("b")])
        await listed.settle()
        #expect(try shown().count == 2)
        try client(images: #"[{"id":"\#(digest("config").hex)","layer":"\#(ids[1].hex)"}]"#)
        #expect(try await listed.isTaken(image))
        try await storage.custody.release([digest("b")])
        await listed.settle()
        #expect(try shown().count == 2)
        // Another's image stands on the lower one.
        try client(layers: #"[{"id":"f0","parent":"\#(ids[0].hex)"}]"#)
        await listed.settle()
        #expect(try shown() == [ids[0].hex])
        #expect(try storage.state.layer(digest("b")) == nil)
    }

    @Test func nothingIsShownThatIsBeingUnpacked() async throws {
        let image = try makeImage(["a", "b"])
        try client(layers: #"[{"id":"\#(ids(["a", "b"])[1].hex)","flags":{"incomplete":true}}]"#)
        await #expect(throws: ImageError.self) { try await listed.offer(image) }
        #expect(try storage.state.listedLayers().isEmpty)
        // What cannot be read is not empty.
        try client(layers: "[{")
        await #expect(throws: (any Error).self) { try await listed.offer(image) }
        #expect(try storage.state.listedLayers().isEmpty)
    }

    /// A store that cannot be looked at may need everything.
    @Test(arguments: ["[{", "gone", "no roots"])
    func nothingIsTakenBackInDoubt(doubt: String) async throws {
        try await listed.offer(try makeImage(["a"]))
        switch doubt {
        case "gone": try FileManager.default.removeItem(atPath: scratch.file("graph"))
        case "no roots": roots.paths.withLock { $0 = [] }
        default: try client(layers: doubt)
        }
        await listed.settle()
        #expect(try shown().count == 1)
    }

    @Test func obstacles() async throws {
        #expect(try await listed.obstacle(to: makeManifest(["a", "b"])) == nil)
        #expect(try await listed.obstacle(to: makeManifest(["a", "b", "a"]))?.contains("twice") == true)
        let many = (0...directory.maximumDepth).map { "layer \($0)" }
        #expect(try await listed.obstacle(to: makeManifest(many))?.contains("\(many.count) layers") == true)
        #expect(try await listed.obstacle(to: makeManifest(Array(many.dropLast()))) == nil)
        roots.paths.withLock { $0 = [] }
        #expect(try await listed.obstacle(to: makeManifest(["a"]))?.contains("overlay") == true)
    }

    @Test func aClientThatFetchesWhatItWasOfferedIsOfferedNothing() async throws {
        let image = try makeImage(["a"])
        let id = ids(["a"])[0].hex
        try await listed.offer(image)
        try client(layers: #"[{"id":"\#(id)"}]"#, images: #"[{"id":"\#(digest("config").hex)","layer":"\#(id)"}]"#)
        #expect(try await !listed.isTaken(image))
        #expect(try await listed.obstacle(to: image.source)?.contains("does not read") == true)
    }
}
