internal import CRI
internal import Config
internal import Distribution
internal import GRPC
internal import Images
internal import Layers
internal import OCI
internal import Snapshots

extension Daemon {
    /// In front of containerd: layers reach it as snapshots, pulls are prepared, and all other calls are passed on.
    func containerdFront(
        _ storage: ImageStorage, _ catalog: ImageCatalog, _ registry: RegistryClient, _ doors: Doors, _ paths: Paths
    ) throws -> Front {
        let sockets = configuration.sockets
        let client = try RPCClient(to: try RPCEndpoint(sockets.runtime), patience: Self.runtimePatience)
        let puller = RuntimePuller(
            storage: storage, registry: registry, runtime: ContainerRuntime(client: client),
            options: configuration.pullOptions, logger: logger)
        let snapshots = SnapshotStore(
            storage: storage, layers: StoreDirectories(store: storage.store, mount: paths.store),
            directory: paths.snapshots, logger: logger)
        try snapshots.recover()
        let images = RuntimeImageServer(
            runtime: client, puller: puller, catalog: catalog, logger: logger
        ) {
            var usage = try await catalog.usage()
            let directories = try await snapshots.usage()
            usage.bytes += directories.bytes
            usage.inodes += directories.inodes
            return usage
        }
        let snapshotServer = try doors.server(
            .snapshots, at: sockets.snapshots, [.snapshots(SnapshotServer(store: snapshots, logger: logger))])
        let cri = try doors.server(.cri, at: sockets.cri, [.runtimeImages(images)], passingOnTo: client)
        return Front(
            parts: [
                Part { try await client.run() }, Part { await snapshots.run() }, Part(snapshotServer), Part(cri),
            ],
            progress: puller.progress)
    }

    /// How long a call waits for a runtime that is away: a restart of containerd takes a few seconds.
    private static let runtimePatience = Duration.seconds(10)
}

/// Where a layer's tree lies in the FUSE store.
private struct StoreDirectories: LayerDirectories {
    let store: LayerStore
    let mount: String

    func directory(of layer: Digest) -> String? {
        guard let layer = store.layer(layer), layer.isReadable else { return nil }
        return "\(mount)/\(layer.description.slot)"
    }
}
