/// What a registry gives out under a tag or digest.
package enum ManifestDocument: Sendable, Equatable {
    case manifest(Manifest)
    case index(ImageIndex)
    /// Well-formed, but nothing that runs: schema 1, an artifact, an unknown type.
    case unsupported(mediaType: String, why: String)

    /// Parses the exact bytes of a manifest.
    /// - Parameter mediaType: the `Content-Type` it came with, or what the descriptor said; nil if nobody said.
    /// - Throws: `OCIError` with `invalidManifest` (also if body and header disagree about the type, or the body could be read as both a
    ///   manifest and an index), `tooLarge`.
    package static func parse(_ bytes: [UInt8], mediaType: String?) throws(OCIError) -> ManifestDocument {
        let outline = try OCIDocument.decode(Outline.self, from: bytes, what: "manifest", error: .invalidManifest)
        let type = try outline.type(header: mediaType.map { MediaType(rawValue: $0) })
        if type.isSchema1 {
            return .unsupported(
                mediaType: type.rawValue,
                why: "manifest schema 1 is withdrawn; push the image again with a current tool")
        }
        if type.isIndex { return .index(try ImageIndex(parsing: bytes)) }
        guard type.isManifest else {
            return .unsupported(mediaType: type.rawValue, why: "no image has a manifest of type '\(type.rawValue)'")
        }
        var manifest = try Manifest(parsing: bytes)
        manifest.mediaType = type
        guard manifest.isImage else {
            return .unsupported(
                mediaType: type.rawValue,
                why: "it is an artifact of type '\(manifest.effectiveArtifactType)', not an image")
        }
        return .manifest(manifest)
    }

    /// The members that tell documents apart.
    private struct Outline: Decodable {
        var schemaVersion: Int?
        var mediaType: MediaType?
        var hasConfig: Bool
        var hasLayers: Bool
        var hasManifests: Bool
        var hasFSLayers: Bool

        private enum CodingKeys: String, CodingKey {
            case schemaVersion, mediaType, config, layers, manifests, fsLayers
        }

        init(from decoder: any Decoder) throws {
            let keys = try decoder.container(keyedBy: CodingKeys.self)
            schemaVersion = try keys.decodeIfPresent(Int.self, forKey: .schemaVersion)
            mediaType = try keys.decodeIfPresent(MediaType.self, forKey: .mediaType)
                .flatMap { $0.rawValue.isEmpty ? nil : $0 }
            hasConfig = keys.contains(.config)
            hasLayers = keys.contains(.layers)
            hasManifests = keys.contains(.manifests)
            hasFSLayers = keys.contains(.fsLayers)
        }

        func type(header: MediaType?) throws(OCIError) -> MediaType {
            // Servers of plain files and layouts know only general types; those say nothing.
            let general: Set<MediaType> = ["", "application/json", "application/octet-stream", "text/plain"]
            let header = header.flatMap { general.contains($0) ? nil : $0 }
            if let header, let mediaType, header != mediaType {
                throw OCIError(
                    .invalidManifest, "the manifest says it is '\(mediaType)', its registry that it is '\(header)'")
            }
            let type = mediaType ?? header ?? guess
            // One document with both readings would mean different images to different clients (CVE-2021-41190).
            if type.isManifest && hasManifests || type.isIndex && (hasConfig || hasLayers) {
                throw OCIError(
                    .invalidManifest, "the manifest can be read as an index as well; such documents are refused")
            }
            return type
        }

        private var guess: MediaType {
            if schemaVersion == 1 || hasFSLayers { return .schema1 }
            if hasManifests { return .ociIndex }
            return hasConfig ? .ociManifest : "unknown"
        }
    }
}
