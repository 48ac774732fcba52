package import OCI

/// A SOCI index: the small manifest that lists the zTOCs of one image manifest's layers (soci.md 4.1).
package struct IndexManifest: Sendable, Equatable {
    package enum Version: Sendable, CaseIterable {
        /// Names its image as subject, and is found among that image's referrers.
        case v1
        /// Is named by its image.
        case v2

        package var configMediaType: MediaType { self == .v1 ? SOCINames.indexV1 : SOCINames.indexV2 }
    }

    /// Manifests above this are refused (soci.md 9.11).
    package static let maximumSize = 4 << 20

    package var version: Version
    /// zTOCs in the order of the image's layers, then prefetch lists. Find them with `ztocs(for:)`, never by position.
    package var layers: [Descriptor]
    /// The image manifest; of v1 indexes only.
    package var subject: Descriptor?
    package var annotations: [String: String]

    package init(
        version: Version, layers: [Descriptor], subject: Descriptor? = nil,
        buildTool: String = ZTOCBuilder.peerBuildTool
    ) {
        self.version = version
        self.layers = layers
        self.subject = subject
        annotations = [SOCINames.buildTool: buildTool]
    }

    /// A zTOC's descriptor for `layers`.
    /// - Parameters:
    ///   - spanSize: content bytes of a span as the builder was told.
    ///   - layer: the layer blob's descriptor in the image.
    package static func ztocDescriptor(
        digest: Digest, size: Int64, spanSize: Int64, layer: Descriptor
    ) -> Descriptor {
        Descriptor(
            mediaType: SOCINames.ztoc, digest: digest, size: size,
            annotations: [
                SOCINames.layerDigest: layer.digest.description,
                SOCINames.layerMediaType: layer.mediaType.rawValue,
                SOCINames.spanSize: String(spanSize),
            ])
    }

    /// A prefetch list's descriptor for `layers`.
    package static func prefetchDescriptor(digest: Digest, size: Int64, layer: Digest) -> Descriptor {
        Descriptor(
            mediaType: SOCINames.prefetchList, digest: digest, size: size,
            annotations: [SOCINames.layerDigest: layer.description])
    }

    /// All zTOCs that claim to be for `layer`, in order: the first that proves valid is the one to use.
    package func ztocs(for layer: Digest) -> [Descriptor] { listed(SOCINames.ztoc, for: layer) }

    /// The prefetch lists for `layer`.
    package func prefetchLists(for layer: Digest) -> [Descriptor] { listed(SOCINames.prefetchList, for: layer) }

    private func listed(_ mediaType: MediaType, for layer: Digest) -> [Descriptor] {
        layers.filter {
            $0.mediaType == mediaType && $0.annotations[SOCINames.layerDigest] == layer.description
        }
    }

    /// The canonical bytes: the only ones the peer's snapshotter accepts.
    package func encoded() -> [UInt8] {
        let config = Descriptor(
            mediaType: version.configMediaType, digest: Digest(of: SOCINames.emptyConfig),
            size: Int64(SOCINames.emptyConfig.count))
        let text = CanonicalJSON.object([
            ("schemaVersion", "2"),
            ("mediaType", CanonicalJSON.string(MediaType.ociManifest.rawValue)),
            ("config", CanonicalJSON.descriptor(config)),
            ("layers", CanonicalJSON.array(layers.map(CanonicalJSON.descriptor))),
            ("subject", subject.map(CanonicalJSON.descriptor)),
            ("annotations", CanonicalJSON.map(annotations)),
        ])
        return Array(text.utf8)
    }
}
