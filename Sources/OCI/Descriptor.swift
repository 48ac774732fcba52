/// Points at a blob or manifest by digest (OCI image-spec, descriptor.md).
package struct Descriptor: Hashable, Sendable {
    /// The largest blob believed in: 16 TiB. A larger `size` makes the document invalid, so that sums of sizes cannot overflow.
    package static let maximumSize: Int64 = 1 << 44

    package var mediaType: MediaType
    package var digest: Digest
    /// Length of the content in bytes: `0...maximumSize`.
    package var size: Int64
    package var urls: [String]
    package var annotations: [String: String]
    package var platform: Platform?
    /// In an index: the type of the artifact the manifest holds.
    package var artifactType: MediaType?

    package init(
        mediaType: MediaType, digest: Digest, size: Int64, urls: [String] = [], annotations: [String: String] = [:],
        platform: Platform? = nil, artifactType: MediaType? = nil
    ) {
        self.mediaType = mediaType
        self.digest = digest
        self.size = size
        self.urls = urls
        self.annotations = annotations
        self.platform = platform
        self.artifactType = artifactType
    }
}

extension Descriptor: Codable {
    private enum CodingKeys: String, CodingKey {
        case mediaType, digest, size, urls, annotations, platform, artifactType
    }

    package init(from decoder: any Decoder) throws {
        let keys = try decoder.container(keyedBy: CodingKeys.self)
        mediaType = try keys.decodeIfPresent(MediaType.self, forKey: .mediaType) ?? ""
        digest = try keys.decode(Digest.self, forKey: .digest)
        size = try keys.decode(Int64.self, forKey: .size)
        guard (0...Self.maximumSize).contains(size) else {
            throw DecodingError.dataCorruptedError(
                forKey: .size, in: keys, debugDescription: "\(size) is out of bounds")
        }
        urls = try keys.decodeIfPresent([String].self, forKey: .urls) ?? []
        annotations = try keys.decodeIfPresent([String: String].self, forKey: .annotations) ?? [:]
        platform = try keys.decodeIfPresent(Platform.self, forKey: .platform)
        artifactType = try keys.decodeIfPresent(MediaType.self, forKey: .artifactType)
            .flatMap { $0.rawValue.isEmpty ? nil : $0 }
    }

    package func encode(to encoder: any Encoder) throws {
        var keys = encoder.container(keyedBy: CodingKeys.self)
        try keys.encode(mediaType, forKey: .mediaType)
        try keys.encode(digest, forKey: .digest)
        try keys.encode(size, forKey: .size)
        if !urls.isEmpty { try keys.encode(urls, forKey: .urls) }
        if !annotations.isEmpty { try keys.encode(annotations, forKey: .annotations) }
        try keys.encodeIfPresent(platform, forKey: .platform)
        try keys.encodeIfPresent(artifactType, forKey: .artifactType)
    }
}
