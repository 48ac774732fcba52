package import OCI

/// What became of an image from the pull on that brought it: what was fetched for whom, who waited for what. Moments count from `began`.
///
/// A pull that finds all layers here belongs to the start before it. A layer that several images have counts in each one's start.
package struct StartRecord: Sendable, Equatable, Codable, Identifiable {
    package var id: Int64
    /// As the pull named it that began this.
    package var image: String
    /// Of the platform's manifest.
    package var manifest: Digest
    package var imageID: Digest
    /// When that pull was asked for.
    package var began: WallTime
    /// Each once, lowest first.
    package var layers: [LayerTally]
    package var waits = WaitTally()
    package var timeline = FetchTimeline()
    /// When something was first read, as far as it was seen (see ``BlobCell/read``).
    package var firstRead: Moment?
    /// When all layers were here.
    package var complete: Moment?

    /// Bytes that came, by what for.
    package var fetched: BytesByCause { layers.reduce(BytesByCause()) { $0 + $1.fetched } }

    init(id: Int64, image: StartedImage, began: WallTime) {
        self.id = id
        self.image = Limits.cut(image.name)
        manifest = image.manifest
        imageID = image.imageID
        self.began = began
        let total = image.layers.reduce(1.0) { $0 + Double(max(0, $1.blobSize)) }
        // Shares of the cells by size; the many layers of an odd image have one each.
        layers = image.layers.map { layer in
            let share = Int(Double(max(0, layer.blobSize)) / total * Double(Limits.cells))
            let cells = min(max(1, share), Limits.cellsOfLayer, Int(min(max(1, layer.blobSize), 1 << 20)))
            return LayerTally(
                digest: layer.digest, blobSize: max(0, layer.blobSize), plan: layer.plan, wasHere: layer.isHere,
                cells: cells)
        }
    }

    mutating func noteArrival(of layer: Digest, at moment: Moment) -> Bool {
        guard let index = layers.firstIndex(where: { $0.digest == layer }), layers[index].complete == nil else {
            return false
        }
        layers[index].complete = moment
        if complete == nil, layers.allSatisfy({ $0.complete != nil }) { complete = moment }
        return true
    }
}

/// An image as a start needs it.
package struct StartedImage: Sendable {
    package struct Layer: Sendable {
        package var digest: Digest
        package var blobSize: Int64
        /// `stream` or `prefetch`
        package var plan: String
        /// Whether it can be read already.
        package var isHere: Bool

        package init(digest: Digest, blobSize: Int64, plan: String, isHere: Bool) {
            self.digest = digest
            self.blobSize = blobSize
            self.plan = plan
            self.isHere = isHere
        }
    }

    /// Normalised.
    package var name: String
    package var manifest: Digest
    package var imageID: Digest
    /// Each once, lowest first.
    package var layers: [Layer]

    package init(name: String, manifest: Digest, imageID: Digest, layers: [Layer]) {
        self.name = name
        self.manifest = manifest
        self.imageID = imageID
        self.layers = layers
    }
}
