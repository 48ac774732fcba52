internal import CRI
internal import Config
internal import Distribution
internal import GRPC
internal import ImageStore
internal import Images

extension Daemon {
    /// In front of CRI-O: layers reach it by a listing that it reads, pulls are prepared, and all other calls are passed on.
    func storageFront(
        _ storage: ImageStorage, _ catalog: ImageCatalog, _ registry: RegistryClient, _ doors: Doors, _ paths: Paths,
        _ health: DaemonHealth, _ live: LiveConfiguration
    ) async throws -> Front {
        let client = try RPCClient(to: try RPCEndpoint(configuration.sockets.runtime), patience: Self.runtimePatience)
        let runtime = StorageRuntime(client: client)
        let health = health.needing(.storage(runtime))
        // By the FUSE store: a mount of a layer's own comes and goes, while a client may mount what is listed at any time.
        let layers = ListedLayers(
            storage: storage, directory: StoreDirectory(at: configuration.imageStore, logger: log.logger(.images)),
            mount: paths.store, logger: log.logger(.images)
        ) { try await runtime.graphRoots() }
        await layers.recover()
        let puller = RuntimePuller(
            storage: storage, registry: registry, runtime: runtime, exchange: layers,
            options: live.value.pullOptions, logger: log.logger(.images))
        let images = RuntimeImageServer(
            runtime: client, puller: puller, bookkeeping: .listing(layers, catalog), logger: log.logger(.cri))
        let cri = try doors.server(
            .cri, at: configuration.sockets.cri, [.runtimeImages(images), .health(health)], passingOnTo: client)
        return Front(
            parts: [Part { try await client.run() }, Part { await layers.run() }, Part(cri)],
            progress: puller.progress, health: health)
    }
}
