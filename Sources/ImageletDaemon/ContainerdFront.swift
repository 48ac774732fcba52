internal import CRI
internal import Config
internal import Distribution
internal import GRPC
internal import Images
internal import Logging
internal import OCI
internal import Snapshots

extension Daemon {
    /// In front of containerd: layers reach it as snapshots, pulls are prepared, and all other calls are passed on.
    func containerdFront(
        _ storage: ImageStorage, _ catalog: ImageCatalog, _ registry: RegistryClient, _ doors: Doors, _ paths: Paths,
        _ layers: any LayerDirectories, mapsIDs: Bool, _ health: DaemonHealth, _ live: LiveConfiguration
    ) throws -> Front {
        let sockets = configuration.sockets
        let client = try RPCClient(to: try RPCEndpoint(sockets.runtime), patience: Self.runtimePatience)
        let runtime = ContainerRuntime(client: client)
        let health = health.needing(.containerd(runtime))
        let ownership = ownership(mapsIDs: mapsIDs)
        let puller = RuntimePuller(
            storage: storage, registry: registry, runtime: runtime,
            exchange: SnapshotExchange(storage: storage, mapsIDs: ownership == .mapped) {
                try await runtime.takesLayers()
            },
            options: live.value.pullOptions, logger: log.logger(.images))
        let snapshots = SnapshotStore(
            storage: storage, layers: layers, directory: paths.snapshots, ownership: ownership,
            logger: log.logger(.snapshots))
        try snapshots.recover()
        let bookkeeping = Bookkeeping.snapshots(catalog) {
            var usage = try await catalog.usage()
            let directories = try await snapshots.usage()
            usage.bytes += directories.bytes
            usage.inodes += directories.inodes
            return usage
        }
        let images = RuntimeImageServer(
            runtime: client, puller: puller, bookkeeping: bookkeeping, logger: log.logger(.cri))
        let snapshotServer = try doors.server(
            .snapshots, at: sockets.snapshots,
            [.snapshots(SnapshotServer(store: snapshots, logger: log.logger(.snapshots)))])
        let cri = try doors.server(
            .cri, at: sockets.cri, [.runtimeImages(images), .health(health)], passingOnTo: client)
        return Front(
            parts: [
                Part { try await client.run() }, Part { await snapshots.run() }, Part(snapshotServer), Part(cri),
            ],
            progress: puller.progress, health: health)
    }

    private func ownership(mapsIDs: Bool) -> Ownership {
        guard configuration.idMappedMounts else { return .ofTheRuntime }
        if mapsIDs { return .mapped }
        log.logger(.snapshots).warning(
            "idMappedMounts is on, and this kernel does not map ids of FUSE (Linux 6.12 does): no pod with a user namespace will start"
        )
        return .impossible
    }

    /// How long a call waits for a runtime that is away: a restart of containerd takes a few seconds.
    static let runtimePatience = Duration.seconds(10)
}
