/// An image manifest, or an artifact in the form of one: OCI manifest or Docker schema 2.
package struct Manifest: Sendable, Equatable {
    package var mediaType: MediaType
    package var artifactType: MediaType?
    package var config: Descriptor
    /// Lowest layer first; match with the config's `diffIDs` by position.
    package var layers: [Descriptor]
    package var subject: Descriptor?
    package var annotations: [String: String]

    package init(
        mediaType: MediaType = .ociManifest, artifactType: MediaType? = nil, config: Descriptor, layers: [Descriptor],
        subject: Descriptor? = nil, annotations: [String: String] = [:]
    ) {
        self.mediaType = mediaType
        self.artifactType = artifactType
        self.config = config
        self.layers = layers
        self.subject = subject
        self.annotations = annotations
    }

    /// Whether this is an image one could run, and not some artifact (registry.md 2).
    package var isImage: Bool { artifactType == nil && config.mediaType.isImageConfig }

    /// What the artifact is: its own type, else its config's (registry.md 6.1).
    package var effectiveArtifactType: MediaType { artifactType ?? config.mediaType }

    /// Compressed bytes of all layers.
    package var layersSize: Int64 { layers.reduce(0) { $0 + $1.size } }

    /// Parses the bytes of a manifest of any config type, artifacts included; `ManifestDocument.parse` is the stricter door for images.
    /// - Throws: `OCIError` with `invalidManifest`, `tooLarge`.
    package init(parsing bytes: [UInt8]) throws(OCIError) {
        self = try OCIDocument.decode(Manifest.self, from: bytes, what: "manifest", error: .invalidManifest)
    }
}

extension Manifest: Codable {
    private enum CodingKeys: String, CodingKey {
        case schemaVersion, mediaType, artifactType, config, layers, subject, annotations
    }

    package init(from decoder: any Decoder) throws {
        let keys = try decoder.container(keyedBy: CodingKeys.self)
        let version = try keys.decode(Int.self, forKey: .schemaVersion)
        guard version == 2 else {
            throw DecodingError.dataCorruptedError(
                forKey: .schemaVersion, in: keys, debugDescription: "\(version) is not 2")
        }
        mediaType = try keys.decodeIfPresent(MediaType.self, forKey: .mediaType) ?? .ociManifest
        artifactType = try keys.decodeIfPresent(MediaType.self, forKey: .artifactType)
            .flatMap { $0.rawValue.isEmpty ? nil : $0 }
        config = try keys.decode(Descriptor.self, forKey: .config)
        layers = try keys.decodeIfPresent([Descriptor].self, forKey: .layers) ?? []
        subject = try keys.decodeIfPresent(Descriptor.self, forKey: .subject)
        annotations = try keys.decodeIfPresent([String: String].self, forKey: .annotations) ?? [:]
    }

    package func encode(to encoder: any Encoder) throws {
        var keys = encoder.container(keyedBy: CodingKeys.self)
        try keys.encode(2, forKey: .schemaVersion)
        try keys.encode(mediaType, forKey: .mediaType)
        try keys.encodeIfPresent(artifactType, forKey: .artifactType)
        try keys.encode(config, forKey: .config)
        try keys.encode(layers, forKey: .layers)
        try keys.encodeIfPresent(subject, forKey: .subject)
        if !annotations.isEmpty { try keys.encode(annotations, forKey: .annotations) }
    }
}
