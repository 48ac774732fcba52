import Distribution
import Foundation
import HTTP
import Layers
import Logging
import OCI
import SOCI
import State
import Synchronization
import Testing

@testable import Images

@Suite("Where a layer is read")
struct LayerSourceTests {
    private struct Failing: BlobSource {
        let size: Int64 = 10
        let error: any Error
        func read(_ range: Range<Int64>, _ consume: ([UInt8]) async throws -> Void) async throws {
            try await consume([0])
            throw error
        }
    }

    private struct Counting: BlobSource {
        let size: Int64 = 10
        func read(_ range: Range<Int64>, _ consume: ([UInt8]) async throws -> Void) async throws {
            for byte in range { try await consume([UInt8(byte)]) }
        }
    }

    private struct ConsumerError: Error {}

    private static let blob = Descriptor(mediaType: .ociLayer, digest: Digest(of: [1]), size: 10)

    private func withStorage(_ body: (ImageStorage, LayerPlaces) async throws -> Void) async throws {
        let root = NSTemporaryDirectory() + "imagelet-source-" + UUID().uuidString
        try FileManager.default.createDirectory(atPath: root, withIntermediateDirectories: true)
        defer { try? FileManager.default.removeItem(atPath: root) }
        let logger = Logger(label: "test") { _ in SwiftLogNoOpLogHandler() }
        let storage = ImageStorage(
            state: try StateDatabase(path: root + "/state.db"),
            store: LayerStore(directory: root + "/layers", format: SOCIFormat(), logger: logger),
            indexes: IndexStore(directory: root + "/indexes"))
        let registry = RegistryClient(
            http: HTTPClient(), hosts: HostConfiguration(directories: []), logger: logger)
        try await body(storage, LayerPlaces(storage: storage, registry: registry))
    }

    @Test("a refusal by all is told of the layer until a read succeeds; other failures are not")
    func refusals() async throws {
        try await withStorage { storage, places in
            for (code, isTold) in [(BlobError.Code.unavailable, false), (.notFound, false), (.refused, true)] {
                let source = LayerSource(Self.blob, places: places, pulled: Failing(error: BlobError(code, "why")))
                let error = await #expect(throws: BlobError.self) { try await source.read(0..<10) { _ in } }
                #expect(error?.code == code)
                #expect((storage.refusals.message(of: Self.blob.digest) != nil) == isTold)
            }
            let source = LayerSource(Self.blob, places: places, pulled: Counting())
            var bytes: [UInt8] = []
            try await source.read(2..<9) { bytes += $0 }
            #expect(bytes == Array(2..<9))
            #expect(storage.refusals.message(of: Self.blob.digest) == nil)
        }
    }

    @Test("wrong bytes are told to who sent them")
    func wrong() async throws {
        final class Telling: BlobSource {
            let size: Int64 = 10
            let wrong = Mutex<[Range<Int64>]>([])
            func read(_ range: Range<Int64>, _ consume: ([UInt8]) async throws -> Void) async throws {
                try await consume([UInt8](repeating: 0, count: range.count))
            }
            func foundWrong(_ range: Range<Int64>) { wrong.withLock { $0.append(range) } }
        }
        try await withStorage { _, places in
            let pulled = Telling()
            let source = LayerSource(Self.blob, places: places, pulled: pulled)
            try await source.read(2..<9) { _ in }
            source.foundWrong(3..<5)
            #expect(pulled.wrong.withLock { $0 } == [3..<5])
            // Without another place it is asked again.
            try await source.read(2..<9) { _ in }
        }
    }

    @Test("what the reader throws is no failure of a source")
    func consumer() async throws {
        try await withStorage { storage, places in
            let source = LayerSource(Self.blob, places: places, pulled: Counting())
            await #expect(throws: ConsumerError.self) { try await source.read(0..<10) { _ in throw ConsumerError() } }
            await #expect(throws: BlobError.self) {
                try await source.read(0..<10) { _ in throw BlobError(.refused, "the reader's") }
            }
            #expect(storage.refusals.message(of: Self.blob.digest) == nil)
        }
    }

    @Test("without any place the layer is not to be found")
    func nowhere() async throws {
        try await withStorage { _, places in
            let source = LayerSource(Self.blob, places: places)
            let error = await #expect(throws: BlobError.self) { try await source.read(0..<10) { _ in } }
            #expect(error?.code == .notFound)
        }
    }
}
