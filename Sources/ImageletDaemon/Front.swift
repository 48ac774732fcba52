internal import CRI
internal import Config
internal import Distribution
internal import GRPC
internal import Images

/// What the kubelet and the runtime speak to, whichever runtime there is.
struct Front {
    /// What runs it, in the order of starting; it is stopped in reverse.
    var parts: [Part]
    /// How the pull of an image comes along.
    var progress: @Sendable (_ image: String) -> AsyncStream<PullProgress>
    /// Of the daemon with this front.
    var health: DaemonHealth
}

extension Daemon {
    /// No runtime: a complete image service by itself.
    func embeddedFront(
        _ storage: ImageStorage, _ catalog: ImageCatalog, _ registry: RegistryClient, _ doors: Doors,
        _ health: DaemonHealth, _ live: LiveConfiguration
    ) throws -> Front {
        let puller = Puller(
            storage: storage, registry: registry, options: live.value.pullOptions,
            logger: log.logger(.images))
        let images = ImageServiceServer(catalog: catalog, puller: puller, logger: log.logger(.cri))
        let cri = try doors.server(.cri, at: configuration.sockets.cri, [.images(images), .health(health)])
        return Front(parts: [Part(cri)], progress: puller.progress, health: health)
    }
}
