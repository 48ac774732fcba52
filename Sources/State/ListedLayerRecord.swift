package import FoundationEssentials
package import OCI

/// One of our layers as clients of the image store see it: upon the layers below it in some image.
package struct ListedLayerRecord: Sendable, Equatable {
    /// The id that image stores give it there.
    package var id: Digest
    /// The listed layer below; nil for the lowest.
    package var parent: Digest?
    package var layer: LayerRecord
    /// When it was listed first; kept to the millisecond.
    package var createdAt: Date

    package init(id: Digest, parent: Digest?, layer: LayerRecord, createdAt: Date) {
        self.id = id
        self.parent = parent
        self.layer = layer
        self.createdAt = createdAt
    }
}
