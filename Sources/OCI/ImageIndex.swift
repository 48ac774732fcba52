/// An OCI index or Docker manifest list: manifests for several platforms, attestations and artifacts among them.
package struct ImageIndex: Sendable, Equatable {
    package var mediaType: MediaType
    package var manifests: [Descriptor]
    package var annotations: [String: String]

    package init(mediaType: MediaType = .ociIndex, manifests: [Descriptor], annotations: [String: String] = [:]) {
        self.mediaType = mediaType
        self.manifests = manifests
        self.annotations = annotations
    }

    /// - Throws: `OCIError` with `invalidManifest`, `tooLarge`.
    package init(parsing bytes: [UInt8]) throws(OCIError) {
        self = try OCIDocument.decode(ImageIndex.self, from: bytes, what: "index", error: .invalidManifest)
    }

    /// The entry that runs best on `platform`; the first of equals, since that is how list order is meant (registry.md 2, soci.md 4.4).
    ///
    /// Attestations and artifacts (a SOCI index listed beside its image) are never chosen. An entry without platform is taken only if no
    /// other fits. The result may be an index again.
    /// - Throws: `OCIError.noMatchingPlatform`, naming what there is.
    package func manifest(for platform: Platform) throws(OCIError) -> Descriptor {
        let images = manifests.filter { ($0.mediaType.isManifest || $0.mediaType.isIndex) && $0.artifactType == nil }
        var best: (descriptor: Descriptor, fitness: Int)?
        for descriptor in images {
            guard let offered = descriptor.platform, let fitness = platform.fitness(of: offered) else { continue }
            if best.map({ fitness > $0.fitness }) ?? true { best = (descriptor, fitness) }
        }
        if let found = best?.descriptor ?? images.first(where: { $0.platform == nil }) { return found }
        let offered = Set(images.compactMap { $0.platform }.filter { !$0.isUnknown }.map(\.description)).sorted()
        throw OCIError(
            .noMatchingPlatform,
            "the image is not made for \(platform); it has "
                + (offered.isEmpty ? "no platform" : offered.prefix(20).joined(separator: ", ")))
    }
}

extension ImageIndex: Codable {
    private enum CodingKeys: String, CodingKey {
        case schemaVersion, mediaType, manifests, annotations
    }

    package init(from decoder: any Decoder) throws {
        let keys = try decoder.container(keyedBy: CodingKeys.self)
        let version = try keys.decodeIfPresent(Int.self, forKey: .schemaVersion) ?? 2
        guard version == 2 else {
            throw DecodingError.dataCorruptedError(
                forKey: .schemaVersion, in: keys, debugDescription: "\(version) is not 2")
        }
        mediaType = try keys.decodeIfPresent(MediaType.self, forKey: .mediaType) ?? .ociIndex
        manifests = try keys.decodeIfPresent([Descriptor].self, forKey: .manifests) ?? []
        annotations = try keys.decodeIfPresent([String: String].self, forKey: .annotations) ?? [:]
    }

    package func encode(to encoder: any Encoder) throws {
        var keys = encoder.container(keyedBy: CodingKeys.self)
        try keys.encode(2, forKey: .schemaVersion)
        try keys.encode(mediaType, forKey: .mediaType)
        try keys.encode(manifests, forKey: .manifests)
        if !annotations.isEmpty { try keys.encode(annotations, forKey: .annotations) }
    }
}
