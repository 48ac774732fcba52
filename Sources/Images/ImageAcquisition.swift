internal import Distribution
internal import History
internal import Layers
internal import Logging
internal import OCI
internal import Policy
internal import State
internal import Telemetry

/// What every pull does, whoever asked for it: find the facts, decide, make the layers usable.
struct ImageAcquisition: Sendable {
    let storage: ImageStorage
    private let currentOptions: @Sendable () -> PullOptions
    private let preparer: LayerPreparer
    private let logger: Logger

    /// - Parameter options: asked at each decision.
    init(
        storage: ImageStorage, registry: RegistryClient,
        options: @autoclosure @escaping @Sendable () -> PullOptions, logger: Logger
    ) {
        self.storage = storage
        currentOptions = options
        self.logger = logger
        preparer = LayerPreparer(storage: storage, registry: registry, logger: logger)
    }

    var options: PullOptions { currentOptions() }

    private var finder: FactFinder {
        let options = options
        return FactFinder(
            options: options.policy, discovery: IndexDiscovery(own: storage.indexes, acceptsV1: options.acceptsV1))
    }

    /// - Parameter obstacle: why the layers cannot be ours, asked if they would be; nil if they can.
    func decide(
        _ manifest: ResolvedManifest, at origin: any ImageOrigin, annotation: String?,
        obstacle: () async throws -> String? = { nil }
    ) async throws -> FactFinder.Findings {
        let holdings = try storage.holdings(of: manifest)
        let finder = finder
        var findings = try await finder.find(manifest, at: origin, holdings: holdings, annotation: annotation)
        if findings.decision.strategy != .pull, let obstacle = try await obstacle() {
            findings.facts.attachment = .detached(why: obstacle)
            findings.decision = options.policy.decide(findings.facts)
        }
        let needed = preparer.wholeBytes(manifest.manifest.layers, findings.decision)
        guard findings.decision.strategy == .prefetch, try await !preparer.hasRoom(for: needed) else { return findings }
        var streaming = try await finder.find(
            manifest, at: origin, holdings: holdings, annotation: Strategy.stream.rawValue)
        guard streaming.decision.strategy == .stream else { return findings }
        streaming.decision.reasons =
            [
                Reason(.noRoom, "all of it would take the volume below the kubelet's eviction threshold")
            ] + findings.decision.reasons
        return streaming
    }

    func unsupported(_ name: Reference, why: String) -> Decision {
        finder.unsupported(name, why: why).decision
    }

    /// Makes every layer readable as decided: streaming ones at once, others whole.
    func acquire(
        _ image: ResolvedImage, _ findings: FactFinder.Findings, at origin: any ImageOrigin,
        _ entry: ProgressBoard.Entry, _ telling: PullTelling
    ) async throws {
        let records = try storage.allocate(image)
        telling.starts(StartedImage(image, findings))
        entry.fetch(
            findings.decision, imageID: image.imageID.description, layers: image.distinctLayers.map(\.descriptor.digest)
        )
        try await preparer.prepare(image, findings, records, origin)
        storage.timeline.mounted(image, since: entry.began, findings.decision) {
            storage.store.progress(of: $0)?.state == .complete
        }
        telling.mounted()
        for layer in image.distinctLayers.map(\.descriptor.digest)
        where storage.store.progress(of: layer)?.state == .complete {
            storage.history.arrived(layer)
        }
        for layer in image.distinctLayers { storage.store.startFill(layer.descriptor.digest) }
    }

    /// Tells what was decided, and why.
    func tell(_ findings: FactFinder.Findings, _ telling: PullTelling) {
        var index: UsedIndex?
        if findings.decision.strategy == .stream, case .found(let found) = findings.facts.index {
            index = UsedIndex(digest: found.digest, version: found.version.rawValue)
        }
        telling.decided(
            findings.decision.strategy.rawValue, reasons: findings.decision.reasons.map(\.description), index: index)
    }

    /// Writes down that the image is here, and keeps the credentials that proved good for it.
    /// - Returns: the id it has.
    func record(
        _ image: ResolvedImage, _ decision: Decision, index: Digest?, credentials: RequestCredentials?
    ) throws -> String {
        let record = try storage.state.save(try ImageRecord(image, decision))
        if let index { try storage.state.setUsedIndex(index, manifest: image.digest) }
        if let credentials {
            try storage.credentials.keep(credentials, of: image)
            for layer in image.layers { storage.refusals.forget(layer.descriptor.digest) }
        }
        return record.id.description
    }

    /// The one line that tells what was decided and why.
    func log(_ decision: Decision, _ name: Reference, _ manifest: ResolvedManifest?) {
        var metadata: Logger.Metadata = [
            "image": "\(name)", "strategy": "\(decision.strategy.rawValue)",
            "reasons": "\(decision.reasons.map(\.description).joined(separator: "; "))",
        ]
        if let manifest {
            metadata["image.digest"] = "\(manifest.digest)"
            metadata["image.bytes"] = "\(manifest.compressedSize)"
        }
        logger.info("decided", metadata: metadata)
        storage.metrics.decisions[.init(decision)].add()
    }
}

extension StartedImage {
    fileprivate init(_ image: ResolvedImage, _ findings: FactFinder.Findings) {
        let actions = Dictionary(findings.decision.layers.map { ($0.digest, $0.action) }) { first, _ in first }
        let here = Set(findings.facts.layers.filter(\.isLocal).map(\.digest))
        self.init(
            name: image.reference.description, manifest: image.digest, imageID: image.imageID,
            layers: image.distinctLayers.map { layer in
                let digest = layer.descriptor.digest
                return Layer(
                    digest: digest, blobSize: layer.descriptor.size,
                    plan: (actions[digest] ?? .prefetch).rawValue, isHere: here.contains(digest))
            })
    }
}
