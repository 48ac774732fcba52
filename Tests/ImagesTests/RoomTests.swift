import Distribution
import Foundation
import HTTP
import LayerFormat
import Logging
import OCI
import SOCI
import State
import Synchronization
import TestSupport
import Testing

@testable import Images
@testable import Layers

/// What a manifest claims costs nothing of what is here.
@Suite("Room for whole layers", .timeLimit(.minutes(5)))
struct RoomTests {
    private struct Memory: BlobSource {
        let bytes: [UInt8]
        var size: Int64 { Int64(bytes.count) }

        func read(_ range: Range<Int64>, _ consume: ([UInt8]) async throws -> Void) async throws {
            try await consume(Array(bytes[Int(range.lowerBound)..<Int(range.upperBound)]))
        }
        func foundWrong(_ range: Range<Int64>) {}
    }

    private static func tar() throws -> [UInt8] {
        let scratch = try ScratchDirectory()
        try Data(count: 9 << 20).write(to: URL(fileURLWithPath: scratch.file("zeros")))
        return try Tool.check(["tar", "-C", scratch.path, "-c", "zeros"])
    }

    @Test("for more than can leave the cache nothing leaves it")
    func nothingLeavesInVain() async throws {
        let tar = try Self.tar()
        let scratch = try ScratchDirectory()
        let logger = Logger(label: "test") { _ in SwiftLogNoOpLogHandler() }
        var options = LayerStoreOptions()
        options.evictionGrace = 0
        let store = LayerStore(
            directory: scratch.file("layers"), format: SOCIFormat(), options: options, logger: logger)
        let storage = ImageStorage(
            state: try StateDatabase(path: scratch.file("state.db")), store: store,
            indexes: IndexStore(directory: scratch.file("indexes")))
        let registry = RegistryClient(
            http: HTTPClient(), hosts: HostConfiguration(directories: []), logger: logger)
        let preparer = LayerPreparer(storage: storage, registry: registry, logger: logger)
        let blob = Digest(of: tar)
        let description = LayerDescription(
            slot: 1, blob: blob, blobSize: Int64(tar.count), diffID: blob, compression: .none)
        try await withThrowingTaskGroup(of: Void.self) { group in
            group.addTask { try await store.run() }
            defer { group.cancelAll() }
            let layer = try await store.prefetch(description, source: Memory(bytes: tar))
            while !layer.state.withLock({ $0.isRecorded && $0.recordings == 0 }) || store.parts.tick == 0 {
                try await Task.sleep(for: .milliseconds(10))
            }
            #expect(try await !preparer.hasRoom(for: 1 << 60))
            #expect(layer.progress.contentPresent == layer.progress.contentSize)
            #expect(await store.evict(.max) > 0, "it could have left")
        }
    }
}
