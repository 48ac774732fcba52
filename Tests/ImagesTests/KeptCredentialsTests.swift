import Distribution
import Foundation
import Hashing
import Layers
import Logging
import OCI
import Policy
import SOCI
import State
import Testing

@testable import Images

@Suite("Kept credentials")
struct KeptCredentialsTests {
    private static let layer = Digest(of: Array("layer".utf8))

    private func withDirectory(_ body: (String) async throws -> Void) async throws {
        let root = NSTemporaryDirectory() + "imagelet-kept-" + UUID().uuidString
        try FileManager.default.createDirectory(atPath: root, withIntermediateDirectories: true)
        defer { try? FileManager.default.removeItem(atPath: root) }
        try await body(root)
    }

    private func storage(_ root: String, _ key: SealingKey) throws -> ImageStorage {
        ImageStorage(
            state: try StateDatabase(path: root + "/state.db"),
            store: LayerStore(directory: root + "/layers", format: SOCIFormat(), logger: Self.logger),
            indexes: IndexStore(directory: root + "/indexes"), key: key)
    }

    private static let logger = Logger(label: "test") { _ in SwiftLogNoOpLogHandler() }

    private func login(_ password: String) -> RequestCredentials {
        RequestCredentials(username: "user", password: password)
    }

    /// An image with the one layer, recorded as a pull of `name` does it.
    private func record(_ name: String, in storage: ImageStorage) throws -> ResolvedImage {
        let configBytes = Array(
            #"{"architecture":"amd64","os":"linux","rootfs":{"type":"layers","diff_ids":["\#(Self.layer)"]}}"#.utf8)
        let manifest = Manifest(
            config: Descriptor(
                mediaType: .ociConfig, digest: Digest(of: configBytes), size: Int64(configBytes.count)),
            layers: [Descriptor(mediaType: .ociLayer, digest: Self.layer, size: 1)])
        let bytes = try OCIDocument.encode(manifest)
        let source = ResolvedManifest(
            reference: try Reference(name), digest: Digest(of: bytes), nameDigest: Digest(of: bytes),
            manifest: manifest, manifestBytes: bytes, indexBytes: nil)
        let image = ResolvedImage(
            source: source, config: try ImageConfig(parsing: configBytes), configBytes: configBytes,
            layers: [.init(descriptor: manifest.layers[0], diffID: Self.layer)])
        _ = try storage.allocate(image)
        try storage.state.save(try ImageRecord(image, Decision(strategy: .stream, reasons: [], layers: [])))
        return image
    }

    @Test("the last few are kept, the one accepted last first, and serve their own repository only")
    func order() async throws {
        try await withDirectory { root in
            let storage = try storage(root, .random())
            let mine = try record("one.example/app:1", in: storage)
            for number in [1, 2, 3, 2, 4, 5] { try storage.credentials.keep(login("\(number)"), of: mine) }
            let other = try record("two.example/app:1", in: storage)
            try storage.credentials.keep(login("other"), of: other)
            // What is meant for another registry, or says nothing, is no credential.
            try storage.credentials.keep(RequestCredentials(), of: other)
            try storage.credentials.keep(
                RequestCredentials(username: "u", password: "p", serverAddress: "three.example"), of: other)
            let places = try storage.credentials.places(of: Self.layer)
            #expect(
                places == [
                    LayerPlace(repository: "two.example/app", credentials: [login("other")]),
                    LayerPlace(
                        repository: "one.example/app", credentials: [login("5"), login("4"), login("2"), login("3")]),
                ])
        }
    }

    @Test("they survive a restart with the same key; with another one they are dropped, and nothing else is lost")
    func restart() async throws {
        try await withDirectory { root in
            let key = SealingKey.kept(at: root + "/key", logger: Self.logger)
            let first = try storage(root, key)
            let image = try record("one.example/app:1", in: first)
            try first.credentials.keep(login("secret-word"), of: image)
            try first.state.close()
            #expect(SealingKey.kept(at: root + "/key", logger: Self.logger).bytes == key.bytes)
            let database = try Data(contentsOf: URL(fileURLWithPath: root + "/state.db"))
            #expect(database.range(of: Data("secret-word".utf8)) == nil)

            let second = try storage(root, SealingKey.kept(at: root + "/key", logger: Self.logger))
            #expect(try second.credentials.dropUnreadable() == 0)
            #expect(try second.credentials.places(of: Self.layer).first?.credentials == [login("secret-word")])
            try second.state.close()

            // A damaged key gives way to a new one.
            try Data("no key".utf8).write(to: URL(fileURLWithPath: root + "/key"))
            let third = try storage(root, SealingKey.kept(at: root + "/key", logger: Self.logger))
            #expect(try third.credentials.dropUnreadable() == 1)
            #expect(try third.state.images().count == 1)
            let places = try third.credentials.places(of: Self.layer)
            #expect(places == [LayerPlace(repository: "one.example/app", credentials: [])])
            let now = SealingKey.kept(at: root + "/key", logger: Self.logger)
            #expect(now.bytes != key.bytes && now.bytes.count == 32)
        }
    }

    @Test("a key that cannot be kept is one of this process")
    func nowhere() {
        let key = SealingKey.kept(at: "/proc/nowhere/key", logger: Self.logger)
        #expect(key.bytes.count == 32)
    }
}
