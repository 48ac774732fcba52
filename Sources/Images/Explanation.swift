internal import Distribution
package import OCI
package import Policy

/// What would be done with an image, and why, without doing it.
package struct Explanation: Sendable, Encodable {
    package var image: String
    /// Of the platform's manifest.
    package var digest: Digest
    package var facts: Facts
    package var decision: Decision
    /// Digest of the index a decision to stream counts on.
    package var index: Digest?
    package var compressedSize: Int64
}

/// Asks the registry what a pull would ask, and decides.
package struct Explainer: Sendable {
    private let options: PullOptions
    private let storage: ImageStorage?

    /// - Parameter storage: what the node has; nil to explain as for a fresh node.
    package init(options: PullOptions = PullOptions(), storage: ImageStorage? = nil) {
        self.options = options
        self.storage = storage
    }

    var finder: FactFinder {
        FactFinder(
            options: options.policy, discovery: IndexDiscovery(own: storage?.indexes, acceptsV1: options.acceptsV1))
    }

    /// - Parameter annotation: the strategy a pod would ask for.
    /// - Throws: `ImageError`, `CancellationError`.
    package func explain(
        _ image: String, at origin: any ImageOrigin, annotation: String? = nil
    ) async throws -> Explanation {
        do {
            let name = try Reference(image).withDefaultTag
            let finder = finder
            switch try await ImageResolver().manifest(name, at: origin) {
            case .unsupported(let digest, let why):
                let findings = finder.unsupported(name, why: why)
                return Explanation(
                    image: name.description, digest: digest, facts: findings.facts, decision: findings.decision,
                    index: nil, compressedSize: 0)
            case .manifest(let resolved):
                let findings = try await finder.find(
                    resolved, at: origin, holdings: try storage?.holdings(of: resolved) ?? .init(),
                    annotation: annotation)
                return Explanation(
                    image: name.description, digest: resolved.digest, facts: findings.facts,
                    decision: findings.decision,
                    index: findings.index, compressedSize: resolved.compressedSize)
            }
        } catch let error where !(error is CancellationError) {
            throw ImageError(describing: error)
        }
    }
}
