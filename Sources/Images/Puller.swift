package import Distribution
internal import FoundationEssentials
internal import History
package import Logging
internal import OCI
internal import Policy
internal import State
internal import Telemetry

/// Brings images to a node without a runtime behind us: resolves, discovers, decides, prepares, records (design.md part 4).
package final class Puller: Sendable {
    /// Pulls whose work is shared.
    private struct Flight: Hashable {
        var manifest: Digest
        /// The strategy that the pod asks for.
        var wish: String?
    }

    private let storage: ImageStorage
    private let registry: RegistryClient
    private let acquisition: ImageAcquisition
    private let flights = Flights<Flight, Decision>()
    private let board = ProgressBoard()

    /// - Parameter options: asked at each decision: they may change while the daemon runs.
    package init(
        storage: ImageStorage, registry: RegistryClient,
        options: @autoclosure @escaping @Sendable () -> PullOptions, logger: Logger
    ) {
        self.storage = storage
        self.registry = registry
        acquisition = ImageAcquisition(storage: storage, registry: registry, options: options(), logger: logger)
    }

    /// Pulls an image, or checks the caller's right to one that is here.
    ///
    /// Every caller's name is resolved at the registry with exactly the caller's credentials (KEP-2535); only then is work for the same
    /// manifest shared. When the last caller goes away the work ends and leaves nothing.
    /// - Throws: `ImageError`, `CancellationError`.
    package func pull(_ request: PullRequest) async throws -> PullResult {
        storage.metrics.active.add(1)
        defer { storage.metrics.active.add(-1) }
        do {
            let name = try Reference(request.image).withDefaultTag
            let telling = storage.history.asked(name.description, by: request.pod)
            return try await telling.following {
                try await board.following(name) { entry in try await pull(name, request, entry, telling) }
            }
        } catch let error where !(error is CancellationError) {
            let failure = ImageError(describing: error)
            storage.metrics.failures[failure.code].add()
            throw failure
        }
    }

    /// How the pull of `image` comes along; begins when it does, ends with it.
    package func progress(of image: String) -> AsyncStream<PullProgress> {
        board.watch(image) { [storage] in storage.status(of: $0) }
    }

    private func pull(
        _ name: Reference, _ request: PullRequest, _ entry: ProgressBoard.Entry, _ telling: PullTelling
    ) async throws -> PullResult {
        let origin = RegistryOrigin(registry, credentials: request.credentials, held: HeldDocuments(storage: storage))
        let image: ResolvedImage
        switch try await ImageResolver().resolve(name, at: origin) {
        case .image(let resolved): image = resolved
        case .unsupported(_, let why):
            throw ImageError(.unsupported, "\(name) cannot be run here: \(why)")
        }
        entry.decide()
        telling.resolved(image.source)
        let flight = Flight(manifest: image.digest, wish: request.strategyAnnotation)
        // Held until this caller's name is recorded, too: a removal in between must not take the layers.
        return try await storage.custody.holding(image.source) {
            let decision = try await flights.join(flight) { [self] in
                try await storage.custody.holding(image.source) {
                    try await acquire(image, origin, flight.wish, entry, telling)
                }
            }
            telling.joined(decision, of: image.digest)
            let id = try acquisition.record(image, decision, index: nil, credentials: request.credentials)
            return PullResult(imageID: id, decision: decision)
        }
    }

    /// Makes all layers usable and records the image.
    private func acquire(
        _ image: ResolvedImage, _ origin: RegistryOrigin, _ annotation: String?, _ entry: ProgressBoard.Entry,
        _ telling: PullTelling
    ) async throws -> Decision {
        let findings = try await acquisition.decide(image.source, at: origin, annotation: annotation)
        acquisition.tell(findings, telling)
        acquisition.log(findings.decision, image.reference, image.source)
        if let obstacle = image.manifest.layers.first(where: { $0.layerCompression == nil }) {
            throw ImageError(
                .unsupported,
                """
                \(image.reference): layer \(obstacle.digest) is of type '\(obstacle.mediaType)'; without a \
                runtime only gzip and plain tar layers can be unpacked. Push the image with gzip layers
                """)
        }
        try await acquisition.acquire(image, findings, at: origin, entry, telling)
        _ = try acquisition.record(image, findings.decision, index: findings.index, credentials: nil)
        return findings.decision
    }
}

extension ImageRecord {
    /// What is recorded of an image that was pulled by one name.
    init(_ image: ResolvedImage, _ decision: Decision) throws {
        let now = Date()
        self.init(
            id: image.imageID,
            references: image.reference.digest == nil ? [image.reference.description] : [],
            digests: [image.reference.withDigest(image.nameDigest).description],
            manifestDigest: image.digest, mediaType: image.manifest.mediaType.rawValue, manifest: image.manifestBytes,
            config: image.configBytes, size: max(image.compressedSize, 1),
            user: ImageUser(configUser: image.config.user),
            strategy: decision.strategy.rawValue,
            reasons: try decision.reasonsText,
            layers: image.layers.map(\.descriptor.digest), createdAt: now, lastPulledAt: now)
    }
}

extension Decision {
    /// The reasons as records keep them.
    var reasonsText: String {
        get throws { String(decoding: try OCIDocument.encode(reasons), as: UTF8.self) }
    }
}

extension PullTelling {
    func resolved(_ manifest: ResolvedManifest) {
        resolved(
            manifest: manifest.digest, imageID: manifest.imageID, compressedSize: manifest.compressedSize)
    }

    /// - Parameter decision: of the pull that did the work; nothing happens if it was this one.
    func joined(_ decision: Decision, of manifest: Digest) {
        joined(decision.strategy.rawValue, reasons: decision.reasons.map(\.description), of: manifest)
    }
}
