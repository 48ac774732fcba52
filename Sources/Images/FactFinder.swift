package import OCI
package import Policy

/// Collects what a decision about an image needs, asking the registry only what matters.
package struct FactFinder: Sendable {
    /// Which layers of an image this node has, or has reason to distrust.
    package struct Holdings: Sendable {
        package var local: Set<Digest>
        package var poisoned: Set<Digest>
        /// Indexes whose tables of contents gave wrong content.
        package var poisonedIndexes: Set<Digest>

        package init(local: Set<Digest> = [], poisoned: Set<Digest> = [], poisonedIndexes: Set<Digest> = []) {
            self.local = local
            self.poisoned = poisoned
            self.poisonedIndexes = poisonedIndexes
        }
    }

    /// The facts, the decision made of them, and where the tables of contents it counts on can be had.
    package struct Findings: Sendable {
        package var facts: Facts
        package var decision: Decision
        package var tables: [Digest: TableOrigin]

        /// The published index a decision to stream counts on.
        package var index: Digest? {
            guard decision.strategy == .stream, case .found(let found) = facts.index else { return nil }
            return found.digest
        }
    }

    private let options: PolicyOptions
    private let discovery: IndexDiscovery

    package init(options: PolicyOptions, discovery: IndexDiscovery) {
        self.options = options
        self.discovery = discovery
    }

    package func unsupported(_ reference: Reference, why: String) -> Findings {
        let facts = Facts(reference: reference, manifest: .unsupported(why: why), layers: [])
        return Findings(facts: facts, decision: options.decide(facts), tables: [:])
    }

    /// - Parameter annotation: the pod's wish, as it wrote it.
    package func find(
        _ image: ResolvedManifest, at origin: any ImageOrigin, holdings: Holdings, annotation: String?
    ) async throws -> Findings {
        var facts = Facts(
            reference: image.reference,
            layers: image.manifest.layers.map { layer in
                LayerFact(
                    digest: layer.digest, compressedSize: layer.size, compression: layer.mediaType.compression,
                    isLocal: holdings.local.contains(layer.digest), isPoisoned: holdings.poisoned.contains(layer.digest)
                )
            },
            podAnnotation: annotation, poisonedIndexes: holdings.poisonedIndexes)
        let blind = options.decide(facts)
        // A small, local or undecodable image goes its way whatever indexes there are: then nobody is asked.
        guard blind.reasons.contains(where: { $0.code == .noIndex }) else {
            return Findings(facts: facts, decision: blind, tables: [:])
        }
        let discovered = try await discovery.discover(image, at: origin, distrusted: holdings.poisoned)
        facts.index = discovered.fact
        if case .found = discovered.fact, let largest = image.manifest.layers.max(by: { $0.size < $1.size }) {
            facts.ranges = try await ranges(largest, image.reference, origin)
        }
        return Findings(facts: facts, decision: options.decide(facts), tables: discovered.tables)
    }

    /// Asks all questions whatever would be decided.
    func survey(_ image: ResolvedManifest, at origin: any ImageOrigin) async throws -> RegistrySurvey {
        var survey = RegistrySurvey(
            index: try await discovery.discover(image, at: origin, distrusted: []).fact,
            ranges: .unknown("there are no layers"), referrers: try await referrers(image, origin))
        if let largest = image.manifest.layers.max(by: { $0.size < $1.size }) {
            survey.ranges = try await ranges(largest, image.reference, origin)
        }
        return survey
    }

    private func referrers(
        _ image: ResolvedManifest, _ origin: any ImageOrigin
    ) async throws -> RegistrySurvey.Support {
        do {
            return try await origin.listsReferrers(of: image.digest, in: image.reference) ? .yes : .no
        } catch let error where !(error is CancellationError) {
            return .unknown("\(error)")
        }
    }

    private func ranges(
        _ descriptor: Descriptor, _ reference: Reference, _ origin: any ImageOrigin
    ) async throws -> RangeFact {
        do {
            return try await origin.servesRanges(of: descriptor, in: reference) ? .supported : .unsupported
        } catch let error where !(error is CancellationError) {
            return .unknown("\(error)")
        }
    }
}
