internal import CRI
package import Config
internal import GRPC
internal import History
internal import Images
internal import LayerFS
internal import Layers
internal import Linux
internal import Logging
internal import SOCI
internal import ServiceLifecycle
internal import State
internal import Telemetry
internal import UnixSignals

/// The composition root: builds the parts from a configuration and runs them as one group until told to stop.
package struct Daemon: Sendable {
    let configuration: ImageletConfiguration
    let log: DaemonLog
    private let reread: @Sendable () throws -> ImageletConfiguration

    /// - Parameter reread: reads the configuration anew, when told to.
    package init(
        configuration: ImageletConfiguration, log: DaemonLog,
        reread: @escaping @Sendable () throws -> ImageletConfiguration
    ) {
        self.configuration = configuration
        self.log = log
        self.reread = reread
    }

    /// Serves until SIGTERM or SIGINT, then ends in order: sockets first, the mount last.
    /// - Throws: if the daemon cannot start (a second one on this directory, a database it cannot read, no FUSE), or a part fails.
    package func run() async throws {
        let began = ContinuousClock.now
        let startTime = WallClock.now
        let logger = log.logger(.daemon)
        let metrics = DaemonMetrics()
        let live = LiveConfiguration(configuration, read: reread)
        let spans = configuration.traces.endpoint.map { _ in SpanBuffer() }
        Allocator.giveBackFreedMemory()
        let paths = Paths(root: configuration.rootDirectory)
        try paths.create()
        // Held for the life of the process: the kernel lets go of it however we end.
        let lock = try File(paths.lock, .readWriteCreate)
        guard try lock.tryLock() else {
            throw DaemonError(
                "\(paths.root) is served by another imagelet; stop that one, or give this one its own rootDirectory")
        }

        let registry = RegistryAccess(live.value).client(metrics: metrics.registry, logger: log.logger(.registry))
        let direct = DirectMounts(
            at: paths.direct, isEnabled: configuration.layers.directMounts, logger: log.logger(.layers))
        var layerOptions = LayerStoreOptions()
        layerOptions.take(configuration)
        layerOptions.metrics = metrics.layers
        let history = Chronicle()
        layerOptions.observer = history
        let store = LayerStore(
            directory: paths.layers, format: SOCIFormat(), options: layerOptions, borrower: direct,
            logger: log.logger(.layers))
        let storage = ImageStorage(
            state: try StateDatabase(path: paths.database), store: store, indexes: IndexStore(directory: paths.indexes),
            key: .kept(at: paths.key, logger: logger), metrics: metrics.pulls, spans: spans, history: history)
        let keeping = HistoryKeeping(storage: storage, logger: log.logger(.images))
        keeping.restore()
        let catalog = ImageCatalog(storage: storage, directory: paths.root, elsewhere: paths.countedElsewhere)
        let directories = StoreDirectories(store: store, mount: paths.store, direct: direct)
        let mounts = ImageMounts(storage: storage, catalog: catalog, layers: directories, directory: paths.mounts)
        // Layers hold files from here on.
        try OpenFileLimit.raise()
        try await Recovery(storage: storage, registry: registry, logger: logger).run()
        try mounts.sweep()
        direct.bringUp(store.layers)

        let service = ServiceEnvironment(ProcessIdentity.environment, process: ProcessIdentity.id)
        let kept = await KeptDescriptors.open(paths, service, logger: logger)
        var mountOptions = StoreMount.Options()
        mountOptions.metrics = metrics.store
        mountOptions.metrics.waited = { wait in
            guard let layer = store.layer(slot: wait.slot) as? Layer else { return }
            storage.timeline.readerWaited(layer.description.blob, from: wait.start, to: wait.end) { wait.path }
            history.waited(
                layer.description.blob, node: wait.number, offset: wait.offset, from: wait.start, to: wait.end,
                failed: wait.failed)
        }
        let mount = StoreMount(
            store, at: paths.store, backing: paths.root, options: mountOptions, logger: log.logger(.store))
        let part: @Sendable () -> Void = {
            let parting = kept.part(from: mount, isInUse: { try mounts.areInUse() || storage.servesRuntime() })
            if parting == .takeDown { direct.takeDown() }
        }
        defer { part() }
        let isResumed = try kept.bringUp(mount)

        let doors = Doors(kept: kept)
        let health = DaemonHealth(mount: mount, state: storage.state, directory: paths.root)
        let front =
            switch configuration.runtime {
            case .none: try embeddedFront(storage, catalog, registry, doors, health, live)
            case .containerd:
                try containerdFront(
                    storage, catalog, registry, doors, paths, directories, mapsIDs: mount.mapsIDs, health, live)
            case .crio: try await storageFront(storage, catalog, registry, doors, paths, health, live)
            }
        let cache = CacheWatch(
            storage: storage, budget: live.value.cacheBudget, directory: paths.root, logger: logger)
        let reload = Reload(configuration: live, log: log, store: store)
        let admin = AdminServer(
            catalog: catalog, progress: front.progress, mounts: mounts, cache: cache,
            garbage: GarbageCollection(storage: storage, mounts: mounts, cache: cache), reload: reload,
            past: PullHistory(storage: storage, catalog: catalog, isReadPastUs: { direct.isMounted($0) }),
            rootDirectory: paths.root, runtime: configuration.runtime.rawValue,
            // Failures of use cases become the statuses they have in the CRI, too.
            log: CallLog(logger: logger) { RPCFailure(answering: $0) })
        let control = try doors.server(.admin, at: configuration.sockets.admin, [.admin(admin)])
        let page = metrics.page(
            ObservedParts(
                figures: { store.figures() }, usage: { try? catalog.measuredUsage() },
                volume: { try? VolumeStatistics(of: paths.root) }, droppedRequests: { mount.droppedRequests },
                startTime: startTime))
        kept.forgetRest()
        logger.info(
            "serving",
            metadata: [
                "cri": "\(configuration.sockets.cri)", "admin": "\(configuration.sockets.admin)",
                "root": "\(paths.root)", "runtime": "\(configuration.runtime.rawValue)",
                "version": "\(Version.current)", "layers": "\(store.slots().count)",
            ])

        ProgramPages.release()

        let group = ServiceGroup(
            configuration: .init(
                services: [
                    .init(
                        service: Part { try await store.run() }, successTerminationBehavior: .gracefullyShutdownGroup),
                    .init(service: Part { await LayerWatch(storage: storage, logger: logger).run() }),
                    .init(service: Part { await cache.run() }),
                    .init(service: Part { await keeping.run() }),
                    .init(service: Part { await kept.run() }),
                    .init(service: Part { await reload.run() }),
                    .init(
                        service: Part(
                            {
                                if isResumed {
                                    metrics.restartStall.set(Int((ContinuousClock.now - began) / .milliseconds(1)))
                                }
                                try await mount.run(ending: part)
                            }, stop: part)),
                    .init(service: Part(control)),
                ] + (front.parts + observation(page, front.health, spans)).map { .init(service: $0) } + [
                    .init(service: Part { await Supervision(service, logger: logger, isAlive: mount.isAlive).run() })
                ],
                gracefulShutdownSignals: [.sigterm, .sigint], logger: logger))
        try await group.run()
        try kept.removeNames()
        logger.info("stopped")
    }
}

/// Why the daemon cannot run.
package struct DaemonError: Error, Sendable, CustomStringConvertible {
    package let message: String

    package init(_ message: String) { self.message = message }

    package var description: String { message }
}
