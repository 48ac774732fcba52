package import OCI

/// One platform's image: its manifest and config, fetched, verified by digest and parsed.
package struct ResolvedImage: Sendable {
    /// One layer of the image, in the order of the manifest (lowest first).
    package struct Layer: Sendable {
        package var descriptor: Descriptor
        /// Digest of the uncompressed tar, from the image config.
        package var diffID: Digest
    }

    /// The name the image was asked for by.
    package var reference: Reference
    /// Digest of the platform's manifest.
    package var digest: Digest
    /// Digest that the name itself stands for: that of the index if there is one, else `digest`.
    package var nameDigest: Digest
    package var manifest: Manifest
    package var manifestBytes: [UInt8]
    package var config: ImageConfig
    package var configBytes: [UInt8]
    package var layers: [Layer]

    /// Descriptor of the platform's manifest: what an index's `subject` holds.
    package var manifestDescriptor: Descriptor {
        Descriptor(mediaType: manifest.mediaType, digest: digest, size: Int64(manifestBytes.count))
    }

    /// Bytes of all layers and the config as the manifest declares them, each layer counted once.
    package var compressedSize: Int64 {
        var seen: Set<Digest> = []
        return layers.reduce(manifest.config.size) { sum, layer in
            guard seen.insert(layer.descriptor.digest).inserted else { return sum }
            return sum.addingReportingOverflow(layer.descriptor.size).overflow ? .max : sum + layer.descriptor.size
        }
    }

    /// The layers, each digest once, lowest first.
    package var distinctLayers: [Layer] {
        var seen: Set<Digest> = []
        return layers.filter { seen.insert($0.descriptor.digest).inserted }
    }
}

/// What a name led to.
package enum Resolution: Sendable {
    case image(ResolvedImage)
    /// Something that exists and is no image we could run.
    case unsupported(digest: Digest, why: String)
}
