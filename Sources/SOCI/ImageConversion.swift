package import OCI

/// Binding v2 indexes to an image by rewriting its manifests (soci.md 4.4). Digests of rewritten manifests change.
package enum ImageConversion {
    /// One platform of the image whose manifest was rewritten.
    package struct Converted: Sendable {
        /// Digest of its manifest before; ignored for an image that was a single manifest.
        package var original: Digest
        package var platform: Platform
        /// The bytes that `manifest(_:indexDigest:)` gave.
        package var manifest: [UInt8]
        /// The bytes of its v2 index.
        package var index: [UInt8]

        package init(original: Digest, platform: Platform, manifest: [UInt8], index: [UInt8]) {
            self.original = original
            self.platform = platform
            self.manifest = manifest
            self.index = index
        }
    }

    /// The image manifest in OCI form, naming its v2 index.
    package static func manifest(_ source: Manifest, indexDigest: Digest) -> [UInt8] {
        var config = source.config
        config.mediaType = .ociConfig
        var annotations = source.annotations
        annotations[SOCINames.indexDigest] = indexDigest.description
        let text = CanonicalJSON.object([
            ("schemaVersion", "2"),
            ("mediaType", CanonicalJSON.string(MediaType.ociManifest.rawValue)),
            ("artifactType", source.artifactType.map { CanonicalJSON.string($0.rawValue) }),
            ("config", CanonicalJSON.descriptor(config)),
            ("layers", CanonicalJSON.array(source.layers.map(CanonicalJSON.descriptor))),
            ("subject", source.subject.map(CanonicalJSON.descriptor)),
            ("annotations", CanonicalJSON.map(annotations)),
        ])
        return Array(text.utf8)
    }

    /// The outer index: rewritten manifests in place of their originals, all else as it was, then the SOCI indexes; older ones of
    /// the same platforms are dropped.
    /// - Parameter source: nil if the image was a single manifest.
    package static func imageIndex(_ source: ImageIndex?, _ converted: [Converted]) -> [UInt8] {
        var manifests: [Descriptor] = []
        for descriptor in source?.manifests ?? [] {
            if let match = converted.first(where: { $0.original == descriptor.digest }) {
                var replacement = describe(match)
                replacement.annotations.merge(descriptor.annotations) { new, _ in new }
                replacement.platform = descriptor.platform ?? match.platform
                manifests.append(replacement)
            } else if !Discovery.isIndex(descriptor)
                || !converted.contains(where: { $0.platform == descriptor.platform })
            {
                manifests.append(descriptor)
            }
        }
        if source == nil { manifests += converted.map(describe) }
        manifests += converted.map { match in
            Descriptor(
                mediaType: .ociManifest, digest: Digest(of: match.index), size: Int64(match.index.count),
                annotations: [SOCINames.imageManifestDigest: Digest(of: match.manifest).description],
                platform: match.platform, artifactType: SOCINames.indexV2)
        }
        let text = CanonicalJSON.object([
            ("schemaVersion", "2"),
            ("mediaType", CanonicalJSON.string(MediaType.ociIndex.rawValue)),
            ("manifests", CanonicalJSON.array(manifests.map(CanonicalJSON.descriptor))),
            ("annotations", source.flatMap { CanonicalJSON.map($0.annotations) }),
        ])
        return Array(text.utf8)
    }

    private static func describe(_ converted: Converted) -> Descriptor {
        Descriptor(
            mediaType: .ociManifest, digest: Digest(of: converted.manifest), size: Int64(converted.manifest.count),
            annotations: [SOCINames.indexDigest: Digest(of: converted.index).description],
            platform: converted.platform)
    }
}
