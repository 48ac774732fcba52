internal import CRI
package import Config
internal import GRPC
internal import Images
internal import LayerFS
internal import Layers
internal import Linux
package import Logging
internal import SOCI
internal import ServiceLifecycle
internal import State
internal import UnixSignals

/// The composition root: builds the parts from a configuration and runs them as one group until told to stop.
package struct Daemon: Sendable {
    let configuration: ImageletConfiguration
    let logger: Logger

    package init(configuration: ImageletConfiguration, logger: Logger) {
        self.configuration = configuration
        self.logger = logger
    }

    /// Serves until SIGTERM or SIGINT, then ends in order: sockets first, the mount last.
    /// - Throws: if the daemon cannot start (a second one on this directory, a database it cannot read, no FUSE), or a part fails.
    package func run() async throws {
        Allocator.giveBackFreedMemory()
        let paths = Paths(root: configuration.rootDirectory)
        try paths.create()
        // Held for the life of the process: the kernel lets go of it however we end.
        let lock = try File(paths.lock, .readWriteCreate)
        guard try lock.tryLock() else {
            throw DaemonError(
                "\(paths.root) is served by another imagelet; stop that one, or give this one its own rootDirectory")
        }

        let registry = RegistryAccess(configuration).client(logger: logger)
        let store = LayerStore(
            directory: paths.layers, format: SOCIFormat(), options: configuration.layerOptions, logger: logger)
        let storage = ImageStorage(
            state: try StateDatabase(path: paths.database), store: store, indexes: IndexStore(directory: paths.indexes),
            key: .kept(at: paths.key, logger: logger))
        let catalog = ImageCatalog(storage: storage, directory: paths.root, elsewhere: paths.countedElsewhere)
        let mounts = ImageMounts(storage: storage, catalog: catalog, directory: paths.mounts)
        try await Recovery(
            storage: storage, registry: registry, fills: configuration.fill.enabled, logger: logger
        ).run()
        try mounts.sweep()

        let service = ServiceEnvironment(ProcessIdentity.environment, process: ProcessIdentity.id)
        let kept = await KeptDescriptors.open(paths, service, logger: logger)
        let mount = StoreMount(store, at: paths.store, backing: paths.root, logger: logger)
        let part: @Sendable () -> Void = {
            kept.part(from: mount, isInUse: { try mounts.areInUse() || storage.hasSnapshots() })
        }
        defer { part() }
        try kept.bringUp(mount)

        try OpenFileLimit.raise()
        let doors = Doors(kept: kept)
        let front =
            switch configuration.runtime {
            case .none: try embeddedFront(storage, catalog, registry, doors)
            case .containerd: try containerdFront(storage, catalog, registry, doors, paths)
            }
        let cache = CacheWatch(
            storage: storage, budget: configuration.cacheBudget, directory: paths.root, logger: logger)
        let admin = AdminServer(
            catalog: catalog, progress: front.progress, mounts: mounts, cache: cache,
            garbage: GarbageCollection(storage: storage, mounts: mounts, cache: cache), layerDirectory: paths.store,
            rootDirectory: paths.root, runtime: configuration.runtime.rawValue)
        let control = try doors.server(.admin, at: configuration.sockets.admin, [.admin(admin)])
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
                    .init(service: Part { await kept.run() }),
                    .init(service: Part({ try await mount.run(ending: part) }, stop: part)),
                    .init(service: Part(control)),
                ] + front.parts.map { .init(service: $0) } + [
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
