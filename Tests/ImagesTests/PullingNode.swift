import Distribution
import Foundation
import HTTP
import InMemoryLogging
import Layers
import Logging
import OCI
import Policy
import SOCI
import State
import Synchronization
import Telemetry
import TestSupport

@testable import Images

/// A runtime that writes down what it is given.
final class PlayedRuntime: ImageRuntime, ContentStore {
    struct Refused: Error {}

    let taken = Mutex<[Digest: [UInt8]]>([:])
    /// What happens when it is asked whether it has a blob.
    private let asked: @Sendable () async throws -> Void
    /// What it says when it is asked whether it has an image.
    private let holding: @Sendable () throws -> Bool

    init(
        asked: @escaping @Sendable () async throws -> Void = {},
        holding: @escaping @Sendable () throws -> Bool = { false }
    ) {
        self.asked = asked
        self.holding = holding
    }

    var content: (any ContentStore)? { self }
    func holds(_ imageID: Digest) async throws -> Bool { try holding() }
    func document(_ digest: Digest) async throws -> [UInt8]? { taken.withLock { $0[digest] } }
    func take(_ content: [UInt8], digest: Digest) async throws { taken.withLock { $0[digest] = content } }

    func has(_ digest: Digest) async throws -> Bool {
        try await asked()
        return taken.withLock { $0[digest] != nil }
    }
}

/// One small image in a registry of its own, and a puller in front of a played runtime.
struct PullingNode {
    let registry: TestRegistry
    let proxy: FaultyProxy
    let runtime: PlayedRuntime
    let puller: RuntimePuller
    let storage: ImageStorage
    let manifest: Digest
    let config: Digest
    let layer: Digest
    let blobs: [Digest: [UInt8]]
    let log: InMemoryLogHandler

    var state: StateDatabase { storage.state }
    /// As the puller reaches it.
    var image: String { "\(proxy.host)/small:v1" }
    /// The image for a pod that wants it whole from us.
    var prefetched: PullRequest {
        PullRequest(image: image, annotations: [Facts.strategyAnnotation: Strategy.prefetch.rawValue])
    }

    /// How many pulls were counted as failures of ours alone.
    var degradedCount: Int { Int(storage.metrics.decisions[.degraded].value) }
    var failureCount: Int {
        ImageError.Code.allCases.reduce(0) { $0 + Int(storage.metrics.failures[$1].value) }
    }
    var warnings: [String] {
        log.entries.filter { $0.level >= .warning }.map { "\($0.message) \($0.metadata)" }
    }

    /// What the registry was asked since, as `GET manifests/v1`.
    func requests(atLeast count: Int) async throws -> [String] {
        try await registry.records(atLeast: Self.uploads + count).dropFirst(Self.uploads).map {
            "\($0.method) \($0.path.split(separator: "/").suffix(2).joined(separator: "/"))"
        }
    }

    /// Requests that put an image of one layer there.
    private static let uploads = 5
}

/// - Parameters:
///   - options: how patient the puller is with the registry.
///   - knowsUs: whether the runtime has our snapshotter.
func withPullingNode(
    _ runtime: PlayedRuntime = PlayedRuntime(), options: RegistryClient.Options = RegistryClient.Options(),
    knowsUs: @escaping @Sendable () throws -> Bool = { true }, _ body: (PullingNode) async throws -> Void
) async throws {
    let scratch = try ScratchDirectory()
    let registry = try await TestRegistry()
    defer { registry.stop() }
    // Far enough that it pays to spare the runtime round trips, however fast this machine is.
    let far = FaultRule(.delay(SmallImageSupply.worthwhile * 4), path: "/manifests/")
    let proxy = try FaultyProxy(upstreamPort: registry.port, faults: [far])
    defer { proxy.stop() }
    let layer = LayerMaker.single("file", String(repeating: "7", count: 1 << 16)).finished()
    let config = Array(
        #"{"architecture":"amd64","os":"linux","rootfs":{"type":"layers","diff_ids":["\#(Digest(of: layer))"]}}"#.utf8)
    let digests = try [config, layer].map { try Digest(registry.push(blob: $0, to: "small")) }
    let type = "application/vnd.oci.image"
    let manifest = Array(
        """
        {"schemaVersion":2,"mediaType":"\(type).manifest.v1+json",
         "config":{"mediaType":"\(type).config.v1+json","size":\(config.count),"digest":"\(digests[0])"},
         "layers":[{"mediaType":"\(type).layer.v1.tar","size":\(layer.count),"digest":"\(digests[1])"}]}
        """.utf8)
    let name = try registry.push(
        manifest: manifest, mediaType: "\(type).manifest.v1+json", to: "small", tag: "v1")
    let log = InMemoryLogHandler()
    let logger = Logger(label: "test") { _ in log }
    let store = LayerStore(directory: scratch.file("layers"), format: SOCIFormat(), logger: logger)
    let storage = ImageStorage(
        state: try StateDatabase(path: scratch.file("state.db")), store: store,
        indexes: IndexStore(directory: scratch.file("indexes")), logger: logger)
    let client = RegistryClient(
        http: HTTPClient(), hosts: HostConfiguration(directories: []), options: options, logger: logger)
    let puller = RuntimePuller(
        storage: storage, registry: client, runtime: runtime,
        exchange: SnapshotExchange(storage: storage, mapsIDs: false) { try knowsUs() }, options: PullOptions(),
        logger: logger)
    try await withThrowingTaskGroup(of: Void.self) { group in
        group.addTask { try await store.run() }
        defer { group.cancelAll() }
        try await body(
            PullingNode(
                registry: registry, proxy: proxy, runtime: runtime, puller: puller, storage: storage,
                manifest: Digest(name), config: digests[0], layer: digests[1],
                blobs: [digests[0]: config, digests[1]: layer], log: log))
    }
}
