package import Distribution
internal import FoundationEssentials
internal import History
package import Logging
internal import OCI
internal import Policy
internal import State
internal import Telemetry

/// Pulls on a node with a container runtime: we decide and prepare layers, then the runtime pulls, and asks us for what we have.
///
/// Whatever fails on our side before the runtime was told of a layer makes a plain pull of it, with the reason on record: this node is
/// never worse off than one without imagelet (design.md part 6).
package final class RuntimePuller: Sendable {
    /// What was done before the runtime is let go.
    private enum Preparation: Sendable {
        /// Nothing: the runtime fetches.
        case plain(Decision)
        /// Every layer is readable and offered.
        case offered(ResolvedImage, Decision, index: Digest?)
    }

    /// Pulls that are prepared as one.
    private struct Flight: Hashable {
        var manifest: Digest
        /// Why the pods it is for take no layers from this store; nil if they do.
        var obstacle: String?
        /// The strategy that the pod asks for.
        var wish: String?
    }

    private let storage: ImageStorage
    private let registry: RegistryClient
    private let runtime: any ImageRuntime
    private let exchange: any LayerExchange
    private let acquisition: ImageAcquisition
    private let supply: SmallImageSupply
    private let logger: Logger
    private let flights = Flights<Flight, Preparation>()
    private let board = ProgressBoard()

    /// - Parameter options: asked at each decision: they may change while the daemon runs.
    package init(
        storage: ImageStorage, registry: RegistryClient, runtime: any ImageRuntime, exchange: any LayerExchange,
        options: @autoclosure @escaping @Sendable () -> PullOptions, logger: Logger
    ) {
        self.storage = storage
        self.registry = registry
        self.runtime = runtime
        self.exchange = exchange
        self.logger = logger
        supply = SmallImageSupply(content: runtime.content, logger: logger)
        acquisition = ImageAcquisition(storage: storage, registry: registry, options: options(), logger: logger)
    }

    /// Prepares the image's layers as decided, then lets the runtime pull.
    ///
    /// The runtime makes the access check with the request's own credentials (KEP-2535), and names the image.
    /// - Parameter handOver: passes the pull on to the runtime; called exactly once unless this is cancelled before.
    /// - Throws: what `handOver` throws, `CancellationError`.
    package func pull<Answer: Sendable>(
        _ request: PullRequest, handingOver handOver: @Sendable () async throws -> Answer
    ) async throws -> Answer {
        // What is wrong with a name the runtime tells in its own words.
        guard let name = try? Reference(request.image).withDefaultTag else { return try await handOver() }
        storage.metrics.active.add(1)
        defer { storage.metrics.active.add(-1) }
        let telling = storage.history.asked(name.description, by: request.pod)
        return try await telling.following {
            try await board.following(name) { entry in try await pull(name, request, entry, telling, handOver) }
        }
    }

    private func pull<Answer: Sendable>(
        _ name: Reference, _ request: PullRequest, _ entry: ProgressBoard.Entry, _ telling: PullTelling,
        _ handOver: @Sendable () async throws -> Answer
    ) async throws -> Answer {
        let held = HeldDocuments(storage: storage, runtime: runtime.content)
        let origin = RegistryOrigin(registry, credentials: request.credentials, held: held)
        let asked = ContinuousClock.now
        let resolution = await attempt { try await ImageResolver().manifest(name, at: origin) }
        let distance = asked.duration(to: .now)
        try Task.checkCancellation()
        switch resolution {
        case .failure(let reason):
            return try await plain(name, nil, degraded(name, reason), telling, handOver)
        case .success(.unsupported(_, let why)):
            return try await plain(name, nil, acquisition.unsupported(name, why: why), telling, handOver)
        case .success(.manifest(let manifest)):
            entry.decide()
            telling.resolved(manifest)
            // Held until the runtime has adopted the layers: a removal in between must not take them.
            return try await storage.custody.holding(manifest) {
                let preparation = try await preparation(manifest, request, origin, entry, telling)
                try Task.checkCancellation()
                switch preparation {
                case .plain(let decision):
                    // Close to the registry the runtime has them as soon as we could have given them.
                    if distance > SmallImageSupply.worthwhile {
                        async let supplied: Void = supply.run(manifest, decision, from: origin)
                        await give(manifest)
                        await supplied
                    }
                    try Task.checkCancellation()
                    return try await plain(name, manifest, decision, telling, handOver)
                case .offered(var image, let decision, let index):
                    // Who joined another's pull has another name for it.
                    image.source = manifest
                    telling.joined(decision, of: manifest.digest)
                    return try await offered(image, decision, index, request.credentials, handOver)
                }
            }
        }
    }

    /// How the pull of `image` comes along; begins when it does, ends with it.
    package func progress(of image: String) -> AsyncStream<PullProgress> {
        board.watch(image) { [storage] in storage.status(of: $0) }
    }

    /// Prepares once for all that pull this manifest now. Whatever fails makes a plain pull.
    private func preparation(
        _ manifest: ResolvedManifest, _ request: PullRequest, _ origin: RegistryOrigin, _ entry: ProgressBoard.Entry,
        _ telling: PullTelling
    ) async throws -> Preparation {
        let flight = Flight(
            manifest: manifest.digest, obstacle: obstacle(for: request), wish: request.strategyAnnotation)
        let preparation = await attempt {
            try await flights.join(flight) { [self] in
                try await storage.custody.holding(manifest) {
                    try await prepare(manifest, flight, origin, entry, telling)
                }
            }
        }
        switch preparation {
        case .success(let done): return done
        case .failure(let reason):
            try Task.checkCancellation()
            return .plain(degraded(manifest.reference, reason))
        }
    }

    private func obstacle(for request: PullRequest) -> String? {
        if let handlers = acquisition.options.runtimeHandlers, !handlers.contains(request.runtimeHandler) {
            return "pods of this runtime handler do not take layers from this store"
        }
        if request.hasUserNamespace, !exchange.servesUserNamespaces {
            return "the pod has a user namespace of its own, to which the runtime cannot map our layers"
        }
        return nil
    }

    private func prepare(
        _ manifest: ResolvedManifest, _ flight: Flight, _ origin: RegistryOrigin, _ entry: ProgressBoard.Entry,
        _ telling: PullTelling
    ) async throws -> Preparation {
        let isRecorded = try storage.state.image(manifest.imageID) != nil
        let policy = acquisition.options.policy
        // A small image that nobody has a wish for is the runtime's in any case.
        let mayBeOurs =
            manifest.compressedSize > policy.streamThreshold || flight.wish != nil || !policy.rules.rules.isEmpty
        if !isRecorded, mayBeOurs, try await runtime.holds(manifest.imageID) {
            return .plain(alreadyUnpacked)
        }
        let findings = try await acquisition.decide(manifest, at: origin, annotation: flight.wish) {
            if let obstacle = flight.obstacle { return obstacle }
            return try await exchange.obstacle(to: manifest)
        }
        guard findings.decision.strategy != .pull else { return .plain(findings.decision) }
        let image = try await ImageResolver().image(manifest, at: origin)
        acquisition.tell(findings, telling)
        try await acquisition.acquire(image, findings, at: origin, entry, telling)
        try await exchange.offer(image)
        return .offered(image, findings.decision, index: findings.index)
    }

    /// Lets the runtime pull by itself.
    private func plain<Answer: Sendable>(
        _ name: Reference, _ manifest: ResolvedManifest?, _ decision: Decision, _ telling: PullTelling,
        _ handOver: @Sendable () async throws -> Answer
    ) async throws -> Answer {
        // Where the runtime fails as well, at a name that is not there or a right that nobody has, it was no failure of ours.
        let isDegraded = decision.reasons.first?.code == .degraded
        if !isDegraded { acquisition.log(decision, name, manifest) }
        telling.decided(decision.strategy.rawValue, reasons: decision.reasons.map(\.description), index: nil)
        telling.leftToRuntime()
        let layers = manifest.map { Set($0.manifest.layers.map(\.digest)) }
        let answer = try await exchange.passing(layers, handOver)
        if isDegraded { acquisition.log(decision, name, manifest, at: .warning) }
        note(name, manifest, decision)
        return answer
    }

    /// Lets the runtime pull what it will ask us for.
    private func offered<Answer: Sendable>(
        _ image: ResolvedImage, _ decision: Decision, _ index: Digest?, _ credentials: RequestCredentials?,
        _ handOver: @Sendable () async throws -> Answer
    ) async throws -> Answer {
        acquisition.log(decision, image.reference, image.source)
        await give(image.source)
        let answer = try await handOver()
        await keep(image, decision, index, credentials)
        return answer
    }

    /// Spares the runtime from fetching what we have; what it does not take it fetches.
    private func give(_ manifest: ResolvedManifest) async {
        guard let content = runtime.content else { return }
        do {
            if let index = manifest.indexBytes { try await content.take(index, digest: manifest.nameDigest) }
            try await content.take(manifest.manifestBytes, digest: manifest.digest)
        } catch {
            logger.debug("documents not given", metadata: ["image": "\(manifest.reference)", "error": "\(error)"])
        }
    }

    /// Records an image whose layers the runtime took from us. If it did not, it had them unpacked before; then ours go.
    private func keep(
        _ image: ResolvedImage, _ decision: Decision, _ index: Digest?, _ credentials: RequestCredentials?
    ) async {
        do {
            guard try await exchange.isTaken(image) else { return note(image.reference, image.source, alreadyUnpacked) }
            _ = try acquisition.record(image, decision, index: index, credentials: credentials)
            try storage.state.forgetPull(image.reference.description)
        } catch {
            // The runtime has the image; what we lose is the record of how.
            logger.error("image not recorded", metadata: ["image": "\(image.reference)", "error": "\(error)"])
        }
    }

    private func note(_ name: Reference, _ manifest: ResolvedManifest?, _ decision: Decision) {
        do {
            try storage.state.note(
                PullNote(
                    name: name.description, imageID: manifest?.imageID, strategy: decision.strategy.rawValue,
                    reasons: try decision.reasonsText, date: Date()))
        } catch {
            logger.error("pull not recorded", metadata: ["image": "\(name)", "error": "\(error)"])
        }
    }

    private var alreadyUnpacked: Decision {
        Decision(
            strategy: .pull, reasons: [Reason(.alreadyUnpacked, "the runtime has unpacked this image itself")],
            layers: [])
    }

    private func degraded(_ name: Reference, _ error: any Error) -> Decision {
        let failure = ImageError(describing: error)
        storage.metrics.failures[failure.code].add()
        let text = "imagelet could not do its part, so the runtime pulls: \(failure.message)"
        logger.info("not prepared, the runtime is asked", metadata: ["image": "\(name)", "error": "\(error)"])
        return Decision(strategy: .pull, reasons: [Reason(.degraded, text)], layers: [])
    }

    private func attempt<Value>(_ body: () async throws -> Value) async -> Result<Value, any Error> {
        do { return .success(try await body()) } catch { return .failure(error) }
    }
}
