package import OCI

/// What a name led to on this node's platform: a manifest, fetched, verified by digest and parsed. Enough to decide by.
package struct ResolvedManifest: Sendable {
    /// The name the image was asked for by.
    package var reference: Reference
    /// Digest of the platform's manifest.
    package var digest: Digest
    /// Digest that the name itself stands for: that of the index if there is one, else `digest`.
    package var nameDigest: Digest
    package var manifest: Manifest
    package var manifestBytes: [UInt8]
    /// The index that led to the manifest, as fetched; nil if the name stands for the manifest itself.
    package var indexBytes: [UInt8]?

    /// Descriptor of the platform's manifest: what an index's `subject` holds.
    package var manifestDescriptor: Descriptor {
        Descriptor(mediaType: manifest.mediaType, digest: digest, size: Int64(manifestBytes.count))
    }

    /// The image's id as the CRI knows it.
    package var imageID: Digest { manifest.config.digest }

    /// The layers, each digest once, lowest first.
    package var distinctLayers: [Descriptor] {
        var seen: Set<Digest> = []
        return manifest.layers.filter { seen.insert($0.digest).inserted }
    }

    /// Bytes of all layers and the config as the manifest declares them, each layer counted once.
    package var compressedSize: Int64 {
        distinctLayers.reduce(manifest.config.size) { sum, layer in
            sum.addingReportingOverflow(layer.size).overflow ? .max : sum + layer.size
        }
    }
}

/// What a name led to.
package enum ManifestResolution: Sendable {
    case manifest(ResolvedManifest)
    /// Something that exists and is no image we could run.
    case unsupported(digest: Digest, why: String)
}
