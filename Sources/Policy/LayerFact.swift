package import OCI

/// What is known about one layer of an image.
package struct LayerFact: Sendable, Equatable {
    package var digest: Digest
    /// Size of the blob in bytes, as the manifest says.
    package var compressedSize: Int64
    package var compression: MediaType.Compression
    /// Whether our store has this layer already and can mount it now, complete or being filled.
    package var isLocal: Bool
    /// Whether this layer's table of contents turned out wrong (a diffID mismatch); such a layer never counts as
    /// local or covered.
    package var isPoisoned: Bool

    package init(
        digest: Digest, compressedSize: Int64, compression: MediaType.Compression = .gzip, isLocal: Bool = false,
        isPoisoned: Bool = false
    ) {
        self.digest = digest
        self.compressedSize = compressedSize
        self.compression = compression
        self.isLocal = isLocal
        self.isPoisoned = isPoisoned
    }

    /// In the store and not known to be wrong.
    var isUsable: Bool { isLocal && !isPoisoned }

    /// Whether we can decompress it ourselves.
    var isDecodable: Bool { compression == .gzip || compression == .none }
}

extension LayerFact: Encodable {
    private enum Key: String, CodingKey {
        case digest, compressedSize, compression, isLocal, isPoisoned
    }

    package func encode(to encoder: any Encoder) throws {
        var container = encoder.container(keyedBy: Key.self)
        try container.encode(digest, forKey: .digest)
        try container.encode(compressedSize, forKey: .compressedSize)
        try container.encode(compression.name, forKey: .compression)
        try container.encode(isLocal, forKey: .isLocal)
        try container.encode(isPoisoned, forKey: .isPoisoned)
    }
}

extension MediaType.Compression {
    /// The compression as sentences and JSON name it.
    var name: String {
        switch self {
        case .none: "none"
        case .gzip: "gzip"
        case .zstd: "zstd"
        case .other: "unknown"
        }
    }
}
