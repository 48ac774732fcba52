internal import OCI

/// What could be done with an image, and what stands in the way; worked out once for each decision.
struct Prospects {
    let facts: Facts
    let smallLayer: Int64

    init(_ facts: Facts, smallLayer: Int64) {
        self.facts = facts
        self.smallLayer = smallLayer
    }

    var allLocal: Bool { facts.layers.allSatisfy(\.isUsable) }

    /// The first layer we would have to decompress and cannot. Layers in the store need no decompressing.
    var decodingObstacle: Reason? {
        guard let layer = facts.layers.first(where: { !$0.isUsable && !$0.isDecodable }) else { return nil }
        let text = "layer \(layer.digest) has compression \(layer.compression.name); we read gzip and none"
        return Reason(.unsupportedCompression, text)
    }

    /// Why this image is not streamed of our own accord; empty if it is. The first reason decides.
    var streamingObstacles: [Reason] { indexObstacles(requiringCoverage: true) + rangeObstacles }

    /// Why this image is not streamed although someone asked; a request accepts that large layers without table of
    /// contents are prefetched beside the streamed ones.
    var streamOnRequestObstacles: [Reason] {
        if allLocal { return [] }
        if let decodingObstacle { return [decodingObstacle] }
        return indexObstacles(requiringCoverage: false) + rangeObstacles
    }

    var indexReason: Reason? {
        guard let index = usableIndex else { return nil }
        return Reason(
            .indexFound, "\(index.name) covers the layers worth streaming")
    }

    func decision(_ strategy: Strategy, _ reasons: [Reason]) -> Decision {
        let plans = facts.layers.map { layer in
            let streams = strategy == .stream && (layer.isUsable || covers(layer))
            return Decision.LayerPlan(digest: layer.digest, action: streams ? .stream : .prefetch)
        }
        return Decision(strategy: strategy, reasons: reasons, layers: plans)
    }

    /// The index that was found, unless it is known to be wrong.
    private var usableIndex: FoundIndex? {
        guard case .found(let index) = facts.index, !isPoisoned(index) else { return nil }
        return index
    }

    /// One wrong table of contents condemns its whole index (design.md 5).
    private func isPoisoned(_ index: FoundIndex) -> Bool {
        (index.digest.map(facts.poisonedIndexes.contains) ?? false)
            || facts.layers.contains { $0.isPoisoned && index.coveredLayers.contains($0.digest) }
    }

    private func covers(_ layer: LayerFact) -> Bool {
        usableIndex?.coveredLayers.contains(layer.digest) ?? false
    }

    private func indexObstacles(requiringCoverage: Bool) -> [Reason] {
        let noIndex: (String) -> Reason = { Reason(.noIndex, $0) }
        switch facts.index {
        case .none: return [noIndex("nobody has an index for this image")]
        case .refused(let detail):
            return [
                noIndex("no index is at hand"), Reason(.indexRefused, "asking for an index was refused: \(detail)"),
            ]
        case .unknown(let detail):
            return [noIndex("no index is at hand"), Reason(.indexUnknown, "could not ask for an index: \(detail)")]
        case .found(let index) where isPoisoned(index):
            let text = "\(index.name) gave wrong content before and is ignored"
            return [noIndex("no index can be trusted"), Reason(.indexPoisoned, text)]
        case .found(let index):
            return coverageObstacles(index, requiringCoverage: requiringCoverage)
        }
    }

    private func coverageObstacles(_ index: FoundIndex, requiringCoverage: Bool) -> [Reason] {
        let missing = facts.layers.filter { !$0.isUsable }
        if requiringCoverage, let bare = missing.first(where: { $0.compressedSize >= smallLayer && !covers($0) }) {
            let text = "\(index.name) leaves out layer \(bare.digest) of \(readableSize(bare.compressedSize))"
            return [Reason(.noIndex, "no index covers the layers worth streaming"), Reason(.indexIncomplete, text)]
        }
        guard !missing.contains(where: covers) else { return [] }
        let text = "\(index.name) covers no layer that is still missing"
        return [Reason(.noIndex, "no index covers a layer of this image"), Reason(.indexIncomplete, text)]
    }

    private var rangeObstacles: [Reason] {
        switch facts.ranges {
        case .supported: []
        case .unsupported: [Reason(.noRanges, "the registry sends blobs only whole")]
        case .unknown(let detail):
            [
                Reason(.noRanges, "ranges are not known to work"),
                Reason(.rangesUnknown, "could not ask for a range: \(detail)"),
            ]
        }
    }
}
