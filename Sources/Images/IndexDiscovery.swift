internal import Distribution
package import OCI
package import Policy
internal import SOCI

/// Where a layer's table of contents can be had.
package enum TableOrigin: Sendable, Equatable {
    /// In the node's own `IndexStore`.
    case own
    /// Blobs beside the image, from an index: the first that is valid counts (soci.md 9.11).
    case blobs([Descriptor])
}

/// What a search for an image's index gave.
package struct DiscoveredIndex: Sendable {
    package var fact: IndexFact
    package var tables: [Digest: TableOrigin]
}

/// Looks for an index: tables the node made itself → SOCI v2 by the manifest's annotation → SOCI v1 by referrers (API, then fallback
/// tag). Indexes are verified by digest before they are parsed (soci.md 4.2, 4.3).
package struct IndexDiscovery: Sendable {
    private let own: IndexStore?
    private let acceptsV1: Bool

    /// How many of several v1 indexes are looked at.
    private static let candidates = 8

    package init(own: IndexStore?, acceptsV1: Bool = true) {
        self.own = own
        self.acceptsV1 = acceptsV1
    }

    /// - Parameter distrusted: layers whose table of contents proved wrong; no table is counted for them.
    /// - Throws: `CancellationError` only: what could not be asked is a fact, too.
    package func discover(
        _ image: ResolvedManifest, at origin: any ImageOrigin, distrusted: Set<Digest>
    ) async throws -> DiscoveredIndex {
        let layers = Set(image.manifest.layers.map(\.digest)).subtracting(distrusted)
        let mine = layers.filter { own?.has($0) ?? false }
        var published: FoundManifest?
        var trouble: IndexFact = .none
        if mine.count < layers.count {
            do {
                published = try await search(image, at: origin, layers)
            } catch let error where !(error is CancellationError) {
                trouble = Self.fact(error)
            }
        }
        var tables: [Digest: TableOrigin] = [:]
        for layer in layers {
            if mine.contains(layer) {
                tables[layer] = .own
            } else if let blobs = published?.manifest.ztocs(for: layer), !blobs.isEmpty {
                tables[layer] = .blobs(blobs)
            }
        }
        guard !tables.isEmpty else { return DiscoveredIndex(fact: trouble, tables: [:]) }
        let found = FoundIndex(
            digest: published?.digest, version: published?.version ?? .own, coveredLayers: Set(tables.keys))
        return DiscoveredIndex(fact: .found(found), tables: tables)
    }

    private struct FoundManifest {
        var digest: Digest
        var version: FoundIndex.Version
        var manifest: IndexManifest
    }

    private func search(
        _ image: ResolvedManifest, at origin: any ImageOrigin, _ layers: Set<Digest>
    ) async throws -> FoundManifest? {
        if let bound = Discovery.indexDigest(in: image.manifest.annotations) {
            let manifest = try await fetch(bound, image.reference, origin)
            return FoundManifest(digest: bound, version: .v2, manifest: manifest)
        }
        guard acceptsV1 else { return nil }
        var listed = try await referrers(of: image.digest, image, origin)
        // Tools attach an index to either the platform's manifest or the image's own index (registry.md 6.1).
        if listed.isEmpty, image.nameDigest != image.digest {
            listed = try await referrers(of: image.nameDigest, image, origin)
        }
        var candidates: [Discovery.Candidate] = []
        var failure: (any Error)?
        for descriptor in listed.sorted(by: { $0.digest.description < $1.digest.description }).prefix(Self.candidates) {
            do {
                let manifest = try await fetch(descriptor.digest, image.reference, origin)
                candidates.append(Discovery.Candidate(digest: descriptor.digest, manifest: manifest))
            } catch let error where !(error is CancellationError) {
                failure = error
            }
        }
        if let chosen = Discovery.choose(candidates, layers: Array(layers)) {
            return FoundManifest(digest: chosen.digest, version: .v1, manifest: chosen.manifest)
        }
        if let failure { throw failure }
        return nil
    }

    private func referrers(
        of subject: Digest, _ image: ResolvedManifest, _ origin: any ImageOrigin
    ) async throws -> [Descriptor] {
        try await origin.referrers(of: subject, artifactType: SOCINames.indexV1.rawValue, in: image.reference)
    }

    private func fetch(
        _ digest: Digest, _ reference: Reference, _ origin: any ImageOrigin
    ) async throws -> IndexManifest {
        try IndexManifest(parsing: try await origin.manifest(digest, in: reference).bytes)
    }

    private static func fact(_ error: any Error) -> IndexFact {
        if let error = error as? RegistryError, error.code == .denied || error.code == .unauthenticated {
            return .refused(error.message)
        }
        return .unknown("\(error)")
    }
}
