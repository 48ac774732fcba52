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
    private let configuration: ImageletConfiguration
    private let logger: Logger

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

        let registry = RegistryAccess(configuration)
        let store = LayerStore(
            directory: paths.layers, format: SOCIFormat(), options: configuration.layerOptions, logger: logger)
        let storage = ImageStorage(
            state: try StateDatabase(path: paths.database), store: store, indexes: IndexStore(directory: paths.indexes))
        let catalog = ImageCatalog(storage: storage, directory: paths.root)
        let mounts = ImageMounts(storage: storage, catalog: catalog, directory: paths.mounts)
        let puller = Puller(
            storage: storage, registry: registry.client(logger: logger), options: configuration.pullOptions,
            logger: logger)

        try await Recovery(
            storage: storage, registry: registry.client(logger: logger), fills: configuration.fill.enabled,
            logger: logger
        ).run()
        try mounts.sweep()

        let service = ServiceEnvironment(ProcessIdentity.environment, process: ProcessIdentity.id)
        let kept = await KeptDescriptors.open(paths, service, logger: logger)
        let mount = StoreMount(store, at: paths.store, backing: paths.root, logger: logger)
        let part: @Sendable () -> Void = { kept.part(from: mount, isInUse: mounts.areInUse) }
        defer { part() }
        try kept.bringUp(mount)

        let images = ImageServiceServer(catalog: catalog, puller: puller, logger: logger)
        try OpenFileLimit.raise()
        let admin = AdminServer(
            catalog: catalog, puller: puller, mounts: mounts, layerDirectory: paths.store, rootDirectory: paths.root)
        let cri = try server(configuration.sockets.cri, .cri, kept, .images(images))
        let control = try server(configuration.sockets.admin, .admin, kept, .admin(admin))
        kept.forgetRest()
        logger.info(
            "serving",
            metadata: [
                "cri": "\(configuration.sockets.cri)", "admin": "\(configuration.sockets.admin)",
                "root": "\(paths.root)",
                "version": "\(Version.current)", "layers": "\(store.slots().count)",
            ])

        ProgramPages.release()

        let group = ServiceGroup(
            configuration: .init(
                services: [
                    .init(
                        service: Part { try await store.run() }, successTerminationBehavior: .gracefullyShutdownGroup),
                    .init(service: Part { await LayerWatch(storage: storage, logger: logger).run() }),
                    .init(service: Part { await kept.run() }),
                    .init(service: Part({ try await mount.run(ending: part) }, stop: part)),
                    .init(
                        service: Part {
                            try await control.run()
                        } stop: {
                            control.beginGracefulShutdown()
                        }),
                    .init(
                        service: Part {
                            try await cri.run()
                        } stop: {
                            cri.beginGracefulShutdown()
                        }),
                    .init(service: Part { await Supervision(service, logger: logger, isAlive: mount.isAlive).run() }),
                ],
                gracefulShutdownSignals: [.sigterm, .sigint], logger: logger))
        try await group.run()
        try kept.removeNames()
        logger.info("stopped")
    }

    private func server(
        _ socket: String, _ name: KeptDescriptors.Name, _ kept: KeptDescriptors, _ service: RPCService
    ) throws -> RPCServer {
        try Directory.create(Path.parent(of: socket), permissions: 0o755)
        return RPCServer(listener: try kept.listener(name, at: socket), services: [service])
    }
}

/// A part of the daemon as the group runs it. Parts without an orderly stop are cancelled.
private struct Part: Service {
    private let body: @Sendable () async throws -> Void
    private let stop: (@Sendable () -> Void)?

    init(_ body: @escaping @Sendable () async throws -> Void, stop: (@Sendable () -> Void)? = nil) {
        self.body = body
        self.stop = stop
    }

    func run() async throws {
        if let stop {
            try await withGracefulShutdownHandler {
                try await body()
            } onGracefulShutdown: {
                stop()
            }
        } else {
            try await cancelWhenGracefulShutdown {
                do { try await body() } catch is CancellationError {}
            }
        }
    }
}

/// Why the daemon cannot run.
package struct DaemonError: Error, Sendable, CustomStringConvertible {
    package let message: String

    package init(_ message: String) { self.message = message }

    package var description: String { message }
}
