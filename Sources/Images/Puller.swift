package import Distribution
internal import FoundationEssentials
internal import Layers
package import Logging
internal import OCI
package import Policy
internal import State

/// Brings images to this node: resolves, discovers, decides, prepares, records (design.md part 4).
package final class Puller: Sendable {
    package struct Options: Sendable {
        package var policy: PolicyOptions
        package var acceptsV1: Bool
        /// Whether layers that stream are completed in the background.
        package var fills: Bool

        package init(policy: PolicyOptions = PolicyOptions(), acceptsV1: Bool = true, fills: Bool = true) {
            self.policy = policy
            self.acceptsV1 = acceptsV1
            self.fills = fills
        }
    }

    private let storage: ImageStorage
    private let registry: RegistryClient
    private let finder: FactFinder
    private let preparer: LayerPreparer
    private let options: Options
    private let logger: Logger
    private let flights = Flights<Digest, Decision>()
    private let board = ProgressBoard()

    package init(storage: ImageStorage, registry: RegistryClient, options: Options, logger: Logger) {
        self.storage = storage
        self.registry = registry
        self.options = options
        self.logger = logger
        finder = FactFinder(
            options: options.policy, discovery: IndexDiscovery(own: storage.indexes, acceptsV1: options.acceptsV1))
        preparer = LayerPreparer(storage: storage, logger: logger)
    }

    /// Pulls an image, or checks the caller's right to one that is here.
    ///
    /// Every caller's name is resolved at the registry with exactly the caller's credentials (KEP-2535); only then is work for the same
    /// manifest shared. When the last caller goes away the work ends and leaves nothing.
    /// - Throws: `ImageError`, `CancellationError`.
    package func pull(_ request: PullRequest) async throws -> PullResult {
        do {
            let name = try Reference(request.image).withDefaultTag
            let entry = board.begin(name.description)
            do {
                let result = try await pull(name, request, entry)
                board.end(name.description, entry, failed: false)
                return result
            } catch {
                board.end(name.description, entry, failed: true)
                throw error
            }
        } catch let error where !(error is CancellationError) {
            throw ImageError(describing: error)
        }
    }

    /// How the pull of `image` comes along; begins when it does, ends with it.
    package func progress(of image: String) -> AsyncStream<PullProgress> {
        let name = (try? Reference(image).withDefaultTag.description) ?? image
        return board.watch(name) { [storage] in storage.status(of: $0) }
    }

    private func pull(_ name: Reference, _ request: PullRequest, _ entry: ProgressBoard.Entry) async throws
        -> PullResult
    {
        let origin = RegistryOrigin(registry, credentials: request.credentials, held: storage)
        let image: ResolvedImage
        switch try await ImageResolver().resolve(name, at: origin) {
        case .image(let resolved): image = resolved
        case .unsupported(_, let why):
            throw ImageError(.unsupported, "\(name) cannot be run here: \(why)")
        }
        entry.decide()
        let annotation = request.annotations[Facts.strategyAnnotation]
        // Held until this caller's name is recorded, too: a removal in between must not take the layers.
        return try await storage.custody.holding(image) {
            let decision = try await flights.join(image.digest) { [self] in
                try await storage.custody.holding(image) { try await acquire(image, origin, annotation, entry) }
            }
            let record = try storage.state.save(try ImageRecord(image, decision))
            return PullResult(imageID: record.id.description, decision: decision)
        }
    }

    /// Makes all layers usable and records the image.
    private func acquire(
        _ image: ResolvedImage, _ origin: RegistryOrigin, _ annotation: String?, _ entry: ProgressBoard.Entry
    ) async throws -> Decision {
        let findings = try await finder.find(
            image, at: origin, holdings: storage.holdings(of: image), annotation: annotation)
        let decision = findings.decision
        logger.info(
            "decided",
            metadata: [
                "image": "\(image.reference)", "image.digest": "\(image.digest)",
                "strategy": "\(decision.strategy.rawValue)",
                "reasons": "\(decision.reasons.map(\.description).joined(separator: "; "))",
                "image.bytes": "\(image.compressedSize)",
            ])
        if let obstacle = image.layers.first(where: { $0.descriptor.layerCompression == nil }) {
            throw ImageError(
                .unsupported,
                """
                \(image.reference): layer \(obstacle.descriptor.digest) is of type '\(obstacle.descriptor.mediaType)'; without a \
                runtime only gzip and plain tar layers can be unpacked. Push the image with gzip layers
                """)
        }
        let records = try storage.allocate(image)
        entry.fetch(
            decision, imageID: image.manifest.config.digest.description,
            layers: image.distinctLayers.map(\.descriptor.digest))
        try await preparer.prepare(image, findings, records, origin)
        try storage.state.save(try ImageRecord(image, decision))
        if let index = findings.index { try storage.state.setUsedIndex(index, manifest: image.digest) }
        if options.fills {
            for layer in image.distinctLayers { storage.store.startFill(layer.descriptor.digest) }
        }
        return decision
    }
}

extension ImageRecord {
    /// What is recorded of an image that was pulled by one name.
    init(_ image: ResolvedImage, _ decision: Decision) throws {
        let now = Date()
        self.init(
            id: image.manifest.config.digest,
            references: image.reference.digest == nil ? [image.reference.description] : [],
            digests: [image.reference.withDigest(image.nameDigest).description],
            manifestDigest: image.digest, mediaType: image.manifest.mediaType.rawValue, manifest: image.manifestBytes,
            config: image.configBytes, size: max(image.compressedSize, 1),
            user: ImageUser(configUser: image.config.user),
            strategy: decision.strategy.rawValue,
            reasons: String(decoding: try OCIDocument.encode(decision.reasons), as: UTF8.self),
            layers: image.layers.map(\.descriptor.digest), createdAt: now, lastPulledAt: now)
    }
}
