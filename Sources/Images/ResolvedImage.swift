package import OCI

/// One platform's image: its manifest and config, fetched, verified by digest and parsed.
@dynamicMemberLookup
package struct ResolvedImage: Sendable {
    /// One layer of the image, in the order of the manifest (lowest first).
    package struct Layer: Sendable {
        package var descriptor: Descriptor
        /// Digest of the uncompressed tar, from the image config.
        package var diffID: Digest
    }

    package var source: ResolvedManifest
    package var config: ImageConfig
    package var configBytes: [UInt8]
    package var layers: [Layer]

    /// What the manifest tells, told by the image as well.
    package subscript<Value>(dynamicMember member: KeyPath<ResolvedManifest, Value>) -> Value {
        source[keyPath: member]
    }

    /// The layers, each digest once, lowest first.
    package var distinctLayers: [Layer] {
        var seen: Set<Digest> = []
        return layers.filter { seen.insert($0.descriptor.digest).inserted }
    }

    /// The chain ID of each layer: what containerd calls the stack that ends with it.
    var chainIDs: [Digest] { Digest.chainIDs(of: layers.map(\.diffID)) }
}

/// What a name led to.
package enum Resolution: Sendable {
    case image(ResolvedImage)
    /// Something that exists and is no image we could run.
    case unsupported(digest: Digest, why: String)
}
