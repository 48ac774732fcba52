internal import FoundationEssentials
package import OCI

/// The layers of an additional image store that has layers and no images: what is to be on the disk, as texts.
package struct StoreListing: Sendable, Equatable {
    /// Parents before those that stand on them; each id once.
    package let layers: [StoreLayer]
    private let byID: [Digest: StoreLayer]

    /// - Parameter layers: in any order. What stands on something that is not among them, or on itself, is left out: no client could use it.
    package init(_ layers: [StoreLayer] = []) {
        let known = Dictionary(layers.map { ($0.id, $0) }) { first, _ in first }
        var placed: [Digest: StoreLayer] = [:]
        var ordered: [StoreLayer] = []
        for layer in layers {
            // From `layer` down to something that has its place already.
            var stack: [StoreLayer] = []
            var next: StoreLayer? = layer
            while let current = next, placed[current.id] == nil, stack.count <= layers.count {
                stack.append(current)
                next = current.parent.flatMap { known[$0] }
            }
            guard let lowest = stack.last, lowest.parent.map({ placed[$0] != nil }) ?? true else { continue }
            for layer in stack.reversed() {
                placed[layer.id] = layer
                ordered.append(layer)
            }
        }
        self.layers = ordered
        byID = placed
    }

    package subscript(id: Digest) -> StoreLayer? { byID[id] }

    /// `ids` and all that they stand on, as far as it is listed.
    package func stacks(of ids: some Sequence<Digest>) -> Set<Digest> {
        var found: Set<Digest> = []
        for id in ids {
            var next = byID[id]
            while let layer = next, found.insert(layer.id).inserted { next = layer.parent.flatMap { byID[$0] } }
        }
        return found
    }

    /// The file `overlay/ID/lower`: the links of all that a layer stands on, nearest first; nil for a lowest layer.
    func lower(of layer: StoreLayer) -> String? {
        var links: [String] = []
        var next = layer.parent.flatMap { byID[$0] }
        while let layer = next {
            links.append("l/" + layer.link)
            next = layer.parent.flatMap { byID[$0] }
        }
        return links.isEmpty ? nil : links.joined(separator: ":")
    }

    /// The file `overlay-layers/layers.json`.
    var document: [UInt8] {
        get throws { try OCIDocument.encode(layers.map { Record($0) }) }
    }

    /// A layer as it stands in layers.json (specs/additional-layer-store.md 11).
    private struct Record: Encodable {
        private enum CodingKeys: String, CodingKey {
            case id, parent, created, compression
            case blob = "compressed-diff-digest"
            case blobSize = "compressed-size"
            case diffID = "diff-digest"
            case diffSize = "diff-size"
        }

        let id: String
        let parent: String?
        let created: String
        let blob: Digest
        let blobSize: Int64
        let diffID: Digest
        let diffSize: Int64
        let compression: StoreLayer.Compression

        init(_ layer: StoreLayer) {
            id = layer.id.hex
            parent = layer.parent?.hex
            created = layer.created.formatted(.iso8601)
            blob = layer.blob
            blobSize = layer.blobSize
            diffID = layer.diffID
            diffSize = layer.diffSize
            compression = layer.compression
        }
    }
}
