import Distribution
import Foundation
import HTTP
import Layers
import Logging
import OCI
import SOCI
import State
import Synchronization
import TestSupport
import Testing

@testable import Images

@Suite("Pulls in front of a runtime", .timeLimit(.minutes(3)))
struct RuntimePullerTests {
    /// A runtime that writes down what it is given.
    private final class PlayedRuntime: ImageRuntime, ContentStore {
        let taken = Mutex<[Digest: [UInt8]]>([:])
        /// What happens when it is asked whether it has a blob.
        let asked: @Sendable () async throws -> Void

        init(asked: @escaping @Sendable () async throws -> Void = {}) { self.asked = asked }

        var content: (any ContentStore)? { self }
        func holds(_ imageID: Digest) async throws -> Bool { false }
        func document(_ digest: Digest) async throws -> [UInt8]? { taken.withLock { $0[digest] } }
        func take(_ content: [UInt8], digest: Digest) async throws { taken.withLock { $0[digest] = content } }

        func has(_ digest: Digest) async throws -> Bool {
            try await asked()
            return taken.withLock { $0[digest] } != nil
        }
    }

    private struct Refused: Error {}

    /// One small image in a registry of its own.
    private struct Node {
        let registry: TestRegistry
        let runtime: PlayedRuntime
        let puller: RuntimePuller
        let state: StateDatabase
        let image: String
        let manifest: Digest
        let blobs: [Digest: [UInt8]]

        /// What the registry was asked since, as `GET manifests/v1`.
        func requests(atLeast count: Int) async throws -> [String] {
            try await registry.records(atLeast: Self.uploads + count).dropFirst(Self.uploads).map {
                "\($0.method) \($0.path.split(separator: "/").suffix(2).joined(separator: "/"))"
            }
        }

        /// Requests that put an image of one layer there.
        static let uploads = 5
    }

    private func withNode(_ runtime: PlayedRuntime, _ body: (Node) async throws -> Void) async throws {
        let scratch = try ScratchDirectory()
        let registry = try await TestRegistry()
        // Far enough that it pays to spare the runtime round trips, however fast this machine is.
        let far = FaultRule(.delay(SmallImageSupply.worthwhile * 4), path: "/manifests/")
        let proxy = try FaultyProxy(upstreamPort: registry.port, faults: [far])
        defer { proxy.stop() }
        let layer = [UInt8](repeating: 7, count: 1 << 16)
        let config = Array(#"{"architecture":"amd64","os":"linux","rootfs":{"type":"layers","diff_ids":[]}}"#.utf8)
        let digests = try [config, layer].map { try registry.push(blob: $0, to: "small") }
        let manifest = Array(
            """
            {"schemaVersion":2,"mediaType":"application/vnd.oci.image.manifest.v1+json",
             "config":{"mediaType":"application/vnd.oci.image.config.v1+json","size":\(config.count),"digest":"\(digests[0])"},
             "layers":[{"mediaType":"application/vnd.oci.image.layer.v1.tar","size":\(layer.count),"digest":"\(digests[1])"}]}
            """.utf8)
        let name = try registry.push(
            manifest: manifest, mediaType: "application/vnd.oci.image.manifest.v1+json", to: "small", tag: "v1")
        let logger = Logger(label: "test") { _ in SwiftLogNoOpLogHandler() }
        let storage = ImageStorage(
            state: try StateDatabase(path: scratch.file("state.db")),
            store: LayerStore(directory: scratch.file("layers"), format: SOCIFormat(), logger: logger),
            indexes: IndexStore(directory: scratch.file("indexes")))
        let client = RegistryClient(http: HTTPClient(), hosts: HostConfiguration(directories: []), logger: logger)
        let puller = RuntimePuller(
            storage: storage, registry: client, runtime: runtime,
            exchange: SnapshotExchange(storage: storage, mapsIDs: false) { true }, options: PullOptions(), logger: logger)
        try await body(
            Node(
                registry: registry, runtime: runtime, puller: puller, state: storage.state,
                image: "\(proxy.host)/small:v1", manifest: Digest(name),
                blobs: [Digest(digests[0]): config, Digest(digests[1]): layer]))
        registry.stop()
    }

    @Test("a very small image is given to the runtime before it pulls")
    func supplied() async throws {
        try await withNode(PlayedRuntime()) { node in
            let taken = try await node.puller.pull(PullRequest(image: node.image)) {
                node.runtime.taken.withLock { $0 }
            }
            #expect(Set(taken.keys) == Set(node.blobs.keys).union([node.manifest]))
            for (digest, bytes) in node.blobs { #expect(taken[digest] == bytes) }
            #expect(try await node.requests(atLeast: 3).first == "GET manifests/v1")
            #expect(try node.state.pullNotes().map(\.strategy) == ["pull"])
        }
    }

    @Test("a name that was pulled before costs a question, not its documents")
    func heldByTheRuntime() async throws {
        try await withNode(PlayedRuntime()) { node in
            for _ in 0..<2 {
                try await node.puller.pull(PullRequest(image: node.image)) {}
            }
            let requests = try await node.requests(atLeast: 4)
            #expect(requests.count == 4)
            #expect(requests.last == "HEAD manifests/v1")
        }
    }

    @Test("a runtime that takes nothing, or keeps us waiting, pulls all the same", arguments: [false, true])
    func notTaken(isStuck: Bool) async throws {
        let runtime = PlayedRuntime {
            guard isStuck else { throw Refused() }
            try await Task.sleep(for: .seconds(3600))
        }
        try await withNode(runtime) { node in
            let answer = try await node.puller.pull(PullRequest(image: node.image)) { 1 }
            #expect(answer == 1)
            #expect(node.runtime.taken.withLock { Set($0.keys) } == [node.manifest])
        }
    }

    @Test("without a registry the runtime is asked, and the reason is on record")
    func degraded() async throws {
        try await withNode(PlayedRuntime()) { node in
            let image = "\(node.registry.host)/absent:v1"
            await #expect(throws: Refused.self) {
                try await node.puller.pull(PullRequest(image: image)) { throw Refused() }
            }
            #expect(try node.state.pullNotes().isEmpty)
            try await node.puller.pull(PullRequest(image: image)) {}
            #expect(try node.state.pullNotes().first?.reasons.contains("degraded") == true)
        }
    }
}
