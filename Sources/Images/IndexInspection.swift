internal import Distribution
internal import LayerFormat
package import OCI
package import Policy
internal import SOCI

/// What an image's registry has of indexes, and what is in one.
package struct IndexInspection: Sendable {
    /// An index as a list shows it.
    package struct Listed: Sendable, Encodable {
        package var digest: Digest
        package var version: FoundIndex.Version
        /// Layers of the image it has a table of contents for.
        package var coveredLayers: Int
        package var layers: Int
        /// Bytes of its tables of contents.
        package var size: Int64
        package var buildTool: String?
        /// Whether pulls of the image use this one.
        package var isUsed: Bool
    }

    /// One table of contents in full.
    package struct Table: Sendable, Encodable {
        package var layer: Digest
        package var digest: Digest
        package var size: Int64
        package var buildTool: String
        package var compression: String
        package var blobSize: Int64
        package var contentSize: Int64
        package var spanSize: Int64
        package var spans: Int
        package var entries: Int
    }

    private let origin: any ImageOrigin

    package init(at origin: any ImageOrigin) {
        self.origin = origin
    }

    /// All indexes of the image, the one that pulls use first.
    package func list(_ reference: Reference) async throws -> [Listed] {
        try await describing {
            let image = try await ImageResolver().image(reference, at: origin)
            var found: [(FoundIndex.Version, Discovery.Candidate)] = []
            if let bound = Discovery.indexDigest(in: image.manifest.annotations) {
                found.append((.v2, try await candidate(bound, reference)))
            }
            let listed = try await origin.referrers(
                of: image.digest, artifactType: SOCINames.indexV1.rawValue, in: reference)
            for descriptor in listed { found.append((.v1, try await candidate(descriptor.digest, reference))) }
            let layers = image.layers.map(\.descriptor.digest)
            let used = found.first { $0.0 == .v2 }?.1 ?? Discovery.choose(found.map(\.1), layers: layers)
            return found.map { version, candidate in
                Listed(
                    digest: candidate.digest, version: version,
                    coveredLayers: layers.filter { !candidate.manifest.ztocs(for: $0).isEmpty }.count,
                    layers: layers.count,
                    size: candidate.manifest.layers.reduce(0) { $0 + $1.size },
                    buildTool: candidate.manifest.annotations[SOCINames.buildTool],
                    isUsed: candidate.digest == used?.digest)
            }
            .sorted { $0.isUsed && !$1.isUsed }
        }
    }

    /// The tables of contents of the index that pulls of the image use, in layer order.
    package func inspect(_ reference: Reference) async throws -> [Table] {
        try await describing {
            try await tables(of: reference).map { layer, descriptor, ztoc in
                Table(
                    layer: layer.descriptor.digest, digest: descriptor.digest, size: descriptor.size,
                    buildTool: ztoc.buildTool, compression: ztoc.compression.rawValue, blobSize: ztoc.blobSize,
                    contentSize: ztoc.contentSize, spanSize: ztoc.spanSize, spans: ztoc.segmentCount,
                    entries: ztoc.entryCount)
            }
        }
    }

    /// Each layer that the used index has a table for, with that table.
    func tables(
        of reference: Reference
    ) async throws -> [(layer: ResolvedImage.Layer, descriptor: Descriptor, ztoc: ZTOC)] {
        let image = try await ImageResolver().image(reference, at: origin)
        let discovered = try await IndexDiscovery(own: nil).discover(image.source, at: origin, distrusted: [])
        guard !discovered.tables.isEmpty else {
            switch discovered.fact {
            case .refused(let why), .unknown(let why):
                throw ImageError(.unavailable, "could not ask for an index of \(reference): \(why)")
            case .none, .found:
                throw ImageError(
                    .notFound, "\(reference) has no index; make one: imagelet index build \(reference), then index push"
                )
            }
        }
        var result: [(ResolvedImage.Layer, Descriptor, ZTOC)] = []
        for layer in image.distinctLayers {
            guard case .blobs(let descriptors) = discovered.tables[layer.descriptor.digest],
                let descriptor = descriptors.first
            else { continue }
            let bytes = try await origin.blob(descriptor, in: reference, cap: Int64(IndexStore.largest))
            result.append((layer, descriptor, try ZTOC(InMemoryBytes(bytes))))
        }
        return result
    }

    func describing<Answer>(_ body: () async throws -> Answer) async throws -> Answer {
        do {
            return try await body()
        } catch let error where !(error is CancellationError) {
            throw ImageError(describing: error)
        }
    }

    private func candidate(_ digest: Digest, _ reference: Reference) async throws -> Discovery.Candidate {
        let bytes = try await origin.manifest(digest, in: reference).bytes
        return Discovery.Candidate(digest: digest, manifest: try IndexManifest(parsing: bytes))
    }
}
