import Foundation
import Layers
import Logging
import OCI
import SOCI
import State
import Testing

@testable import Images

@Suite("Layers that were forgotten")
struct CustodyTests {
    private static let layer = Digest(of: [1])

    /// A storage that has one layer, which one snapshot holds, and files of it.
    private func withStorage(_ body: (ImageStorage, _ files: String) async throws -> Void) async throws {
        let root = NSTemporaryDirectory() + "imagelet-custody-" + UUID().uuidString
        let files = root + "/layers/" + Self.layer.hex
        try FileManager.default.createDirectory(atPath: files, withIntermediateDirectories: true)
        defer { try? FileManager.default.removeItem(atPath: root) }
        let storage = ImageStorage(
            state: try StateDatabase(path: root + "/state.db"),
            store: LayerStore(
                directory: root + "/layers", format: SOCIFormat(),
                logger: Logger(label: "test") { _ in SwiftLogNoOpLogHandler() }),
            indexes: IndexStore(directory: root + "/indexes"))
        _ = try storage.state.allocate(
            NewLayer(digest: Self.layer, size: 1, diffID: Self.layer, compression: "none", source: "example.org/a"))
        _ = try storage.state.adoptSnapshot(
            "snapshot", parent: nil, chain: Self.layer, layer: Self.layer, labels: [:], at: Date())
        try await body(storage, files)
    }

    private func exists(_ path: String) -> Bool { FileManager.default.fileExists(atPath: path) }

    @Test("removing a snapshot waits for no file; those go when they are cleared")
    func removal() async throws {
        try await withStorage { storage, files in
            let removed = try storage.removeSnapshot("snapshot")
            #expect(removed.layers.map(\.digest) == [Self.layer])
            #expect(try storage.state.layers().isEmpty && exists(files))
            await storage.clearLayers()
            #expect(!exists(files))
        }
    }

    @Test("who holds the layer keeps it, and its end is the layer's")
    func holding() async throws {
        try await withStorage { storage, files in
            storage.custody.hold([Self.layer])
            #expect(try storage.removeSnapshot("snapshot").layers.isEmpty)
            await storage.clearLayers()
            #expect(try storage.state.layers().count == 1 && exists(files))
            try await storage.custody.release([Self.layer])
            #expect(try storage.state.layers().isEmpty && !exists(files))
        }
    }

    @Test("many that clear at once all return when the files are gone")
    func together() async throws {
        try await withStorage { storage, files in
            _ = try storage.removeSnapshot("snapshot")
            await withTaskGroup(of: Bool.self) { group in
                for _ in 0..<20 {
                    group.addTask {
                        await storage.clearLayers()
                        return FileManager.default.fileExists(atPath: files)
                    }
                }
                for await isThere in group { #expect(!isThere) }
            }
        }
    }
}
