import Foundation
import GRPC
import Images
import LayerFormat
import Layers
import Linux
import Logging
import OCI
import SOCI
import Snapshots
import State
import Synchronization
import TestSupport
import Testing

/// Directories get owners, overlays are mounted.
let isRoot = geteuid() == 0
let rootReason: Comment = "needs root"

func digest(_ name: String) -> Digest { Digest(of: Array(name.utf8)) }

/// Layers that are plain directories, each as readable as a test says.
final class PlainLayers: LayerDirectories {
    private let paths = Mutex<[Digest: String]>([:])

    func directory(of layer: Digest) -> String? { paths.withLock { $0[layer] } }

    func set(_ path: String?, of layer: String) { paths.withLock { $0[digest(layer)] = path } }
}

/// What a daemon has, on a file system of its own: overlayfs takes no upper directory on an overlay, as root directories may be.
final class SnapshotNode: Sendable {
    let root: String
    let layers = PlainLayers()

    init(root: String) { self.root = root }

    /// Allocates a layer, offers it for `chain`, and makes its directory with one file of its name.
    func offer(_ state: StateDatabase, layer: String, chain: String) throws {
        _ = try state.allocate(
            NewLayer(
                digest: digest(layer), size: 1000, diffID: digest("diff of " + layer), compression: "gzip",
                source: "docker.io/library/app"))
        try state.offer([(digest(chain), digest(layer))])
        let path = root + "/store/" + layer
        try Directory.create(path, permissions: 0o755)
        try Path.replace(path + "/from-" + layer, with: [Array(layer.utf8)])
        layers.set(path, of: layer)
    }

    /// Runs a daemon's worth of parts on what is on the disk while `body` talks to it over a socket. To be called again and again.
    /// - Parameter isCleaning: whether the background part runs, too.
    func serve<Result: Sendable>(
        isCleaning: Bool = true, ownership: Ownership = .ofTheRuntime,
        logger: Logger = Logger(label: "test") { _ in SwiftLogNoOpLogHandler() },
        _ body: (SnapshotClient, Parts) async throws -> Result
    ) async throws -> Result {
        let state = try StateDatabase(path: root + "/state.db")
        let store = LayerStore(directory: root + "/layers", format: SOCIFormat(), logger: logger)
        let storage = ImageStorage(state: state, store: store, indexes: IndexStore(directory: root + "/indexes"))
        let snapshots = SnapshotStore(
            storage: storage, layers: layers, directory: root + "/snapshots", ownership: ownership, logger: logger)
        try snapshots.recover()
        let socket = "/tmp/imagelet-snapshots-\(getpid())-\(UInt64.random(in: 0 ... .max)).sock"
        defer { unlink(socket) }
        let service = SnapshotServer(store: snapshots, logger: logger)
        let server = RPCServer(listener: try UnixListener(socket), services: [.snapshots(service)])
        let endpoint = try RPCEndpoint(socket)
        let parts = Parts(state: state, snapshots: snapshots, endpoint: endpoint)
        let cleaning = Task { if isCleaning { await snapshots.run() } }
        let serving = Task { try await server.run() }
        let outcome: Swift.Result<Result, any Error>
        do {
            outcome = .success(
                try await RPCClient.withConnection(to: endpoint) { client in
                    // A connection must be used before it may be closed.
                    try await SnapshotClient(client: client).cleanup()
                    return try await body(SnapshotClient(client: client), parts)
                })
        } catch {
            outcome = .failure(error)
        }
        server.beginGracefulShutdown()
        try await serving.value
        cleaning.cancel()
        await cleaning.value
        try state.close()
        return try outcome.get()
    }

    struct Parts: Sendable {
        let state: StateDatabase
        let snapshots: SnapshotStore
        /// Where the service is.
        let endpoint: RPCEndpoint
    }

    /// Names below the directory of snapshots.
    func directories() throws -> [String] { try Directory.entries(of: root + "/snapshots") }
}

/// Runs `body` with a node, and leaves nothing behind.
func withNode<Result>(_ body: (SnapshotNode) async throws -> Result) async throws -> Result {
    let scratch = try ScratchDirectory()
    try Mount.mount(source: "test", target: scratch.path, type: "tmpfs", options: "mode=755")
    defer { _ = try? Mount.unmount(scratch.path, lazily: true) }
    return try await body(SnapshotNode(root: scratch.path))
}

/// Returns when `condition` holds.
func eventually(
    _ story: @autoclosure () -> String = "it never came to that", _ condition: () async throws -> Bool
) async throws {
    let deadline = ContinuousClock.now + .seconds(120)
    while try await !condition() {
        try #require(ContinuousClock.now < deadline, "\(story())")
        try await Task.sleep(for: .milliseconds(10))
    }
}
