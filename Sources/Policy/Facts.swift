package import OCI

/// Everything a decision is made from; nothing else is looked at, so equal facts give equal decisions.
package struct Facts: Sendable, Equatable {
    /// Key of the annotation in a pod's sandbox configuration, or on the image of a PullImage, that asks for a
    /// strategy.
    package static let strategyAnnotation = "imagelet.dev/strategy"

    /// The name of the image; rules are matched against it with `:latest` added where there is neither tag nor digest.
    package var reference: Reference
    package var manifest: ManifestFact
    /// Whether the runtime can take layers from our store; it always can when there is no runtime behind us.
    package var attachment: AttachmentFact
    /// The layers in the manifest's order, lowest first; a layer may occur twice.
    package var layers: [LayerFact]
    /// Value of `strategyAnnotation` as the pod wrote it; nil when there is none.
    package var podAnnotation: String?
    package var index: IndexFact
    package var ranges: RangeFact
    /// Indexes whose table of contents once turned out wrong: SOCI indexes by digest, never to be used again.
    package var poisonedIndexes: Set<Digest>

    package init(
        reference: Reference, manifest: ManifestFact = .runnable, attachment: AttachmentFact = .attached,
        layers: [LayerFact],
        podAnnotation: String? = nil, index: IndexFact = .none, ranges: RangeFact = .supported,
        poisonedIndexes: Set<Digest> = []
    ) {
        self.reference = reference
        self.manifest = manifest
        self.attachment = attachment
        self.layers = layers
        self.podAnnotation = podAnnotation
        self.index = index
        self.ranges = ranges
        self.poisonedIndexes = poisonedIndexes
    }

    /// Bytes a full download would move: the compressed sizes of all layers, each blob once. Stops at `Int64.max`,
    /// takes a negative size as 0.
    package var compressedSize: Int64 {
        var seen: Set<Digest> = []
        return layers.reduce(into: 0) { total, layer in
            guard seen.insert(layer.digest).inserted else { return }
            let (sum, overflowed) = total.addingReportingOverflow(max(layer.compressedSize, 0))
            total = overflowed ? .max : sum
        }
    }
}

extension Facts: Encodable {
    private enum Key: String, CodingKey {
        case reference, manifest, runtimeIsAttached, compressedSize, layers
        case podAnnotation, index, ranges, poisonedIndexes
    }

    package func encode(to encoder: any Encoder) throws {
        var container = encoder.container(keyedBy: Key.self)
        try container.encode(reference, forKey: .reference)
        try container.encode(manifest, forKey: .manifest)
        try container.encode(attachment == .attached, forKey: .runtimeIsAttached)
        try container.encode(compressedSize, forKey: .compressedSize)
        try container.encode(layers, forKey: .layers)
        try container.encodeIfPresent(podAnnotation, forKey: .podAnnotation)
        try container.encode(index, forKey: .index)
        try container.encode(ranges, forKey: .ranges)
        try container.encode(poisonedIndexes.map(\.description).sorted(), forKey: .poisonedIndexes)
    }
}
