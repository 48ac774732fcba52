/// A media type without its parameters, in lower case: `application/vnd.oci.image.manifest.v1+json`.
package struct MediaType: RawRepresentable, Hashable, Sendable, CustomStringConvertible, ExpressibleByStringLiteral {
    package let rawValue: String

    /// Takes any text; parameters (`; charset=utf-8`) are dropped, as the rules ask (registry.md 2).
    package init(rawValue: String) {
        let bare = rawValue.utf8.prefix { $0 != UInt8(ascii: ";") }
        let lowered = bare.map { (0x41...0x5A).contains($0) ? $0 + 32 : $0 }
        let blank: (UInt8) -> Bool = { $0 == 0x20 || $0 == 0x09 }
        let trimmed = Array(Array(lowered.drop(while: blank)).reversed().drop(while: blank)).reversed()
        self.rawValue = String(decoding: Array(trimmed), as: UTF8.self)
    }

    package init(stringLiteral value: String) { self.init(rawValue: value) }

    package static let ociIndex: MediaType = "application/vnd.oci.image.index.v1+json"
    package static let ociManifest: MediaType = "application/vnd.oci.image.manifest.v1+json"
    package static let ociConfig: MediaType = "application/vnd.oci.image.config.v1+json"
    package static let ociEmpty: MediaType = "application/vnd.oci.empty.v1+json"
    package static let dockerList: MediaType = "application/vnd.docker.distribution.manifest.list.v2+json"
    package static let dockerManifest: MediaType = "application/vnd.docker.distribution.manifest.v2+json"
    package static let dockerConfig: MediaType = "application/vnd.docker.container.image.v1+json"
    package static let schema1: MediaType = "application/vnd.docker.distribution.manifest.v1+json"
    package static let schema1Signed: MediaType = "application/vnd.docker.distribution.manifest.v1+prettyjws"
    package static let ociArtifact: MediaType = "application/vnd.oci.artifact.manifest.v1+json"
    package static let ociLayer: MediaType = "application/vnd.oci.image.layer.v1.tar"
    package static let ociLayerGzip: MediaType = "application/vnd.oci.image.layer.v1.tar+gzip"
    package static let ociLayerZstd: MediaType = "application/vnd.oci.image.layer.v1.tar+zstd"
    package static let dockerLayerGzip: MediaType = "application/vnd.docker.image.rootfs.diff.tar.gzip"
    package static let dockerForeignLayerGzip: MediaType = "application/vnd.docker.image.rootfs.foreign.diff.tar.gzip"
    package static let octetStream: MediaType = "application/octet-stream"

    package var isIndex: Bool { self == .ociIndex || self == .dockerList }
    package var isManifest: Bool { self == .ociManifest || self == .dockerManifest }
    package var isSchema1: Bool { self == .schema1 || self == .schema1Signed }
    package var isImageConfig: Bool { self == .ociConfig || self == .dockerConfig }

    /// Whether this is a tar of a root file system in some compression, in OCI's or Docker's words.
    package var isLayer: Bool {
        rawValue.hasPrefix("application/vnd.oci.image.layer.")
            || rawValue.hasPrefix("application/vnd.docker.image.rootfs.")
    }

    /// How the bytes of a layer of this type are compressed.
    package enum Compression: Sendable, Hashable {
        case none
        case gzip
        case zstd
        /// Not a layer, or a layer in a form we do not know (encrypted ones, too).
        case other
    }

    package var compression: Compression {
        guard isLayer else { return .other }
        if rawValue.hasSuffix("tar+gzip") || rawValue.hasSuffix("tar.gzip") { return .gzip }
        if rawValue.hasSuffix("tar+zstd") || rawValue.hasSuffix("tar.zstd") { return .zstd }
        return rawValue.hasSuffix("tar") ? .none : .other
    }

    package var description: String { rawValue }
}

extension MediaType: Codable {
    package init(from decoder: any Decoder) throws {
        self.init(rawValue: try decoder.singleValueContainer().decode(String.self))
    }

    package func encode(to encoder: any Encoder) throws {
        var container = encoder.singleValueContainer()
        try container.encode(rawValue)
    }
}
