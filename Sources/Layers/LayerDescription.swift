package import LayerFormat
package import OCI

/// What the store must know of a layer before any of its bytes.
package struct LayerDescription: Sendable, Hashable {
    /// The number it has below the node's mount; kept by the caller over restarts.
    package var slot: UInt32
    /// Digest of the blob as the registry serves it; the layer's name in this store.
    package var blob: Digest
    /// Size of the blob in bytes.
    package var blobSize: Int64
    /// Digest of the uncompressed tar, padding included.
    package var diffID: Digest
    package var compression: LayerCompression

    package init(slot: UInt32, blob: Digest, blobSize: Int64, diffID: Digest, compression: LayerCompression) {
        self.slot = slot
        self.blob = blob
        self.blobSize = blobSize
        self.diffID = diffID
        self.compression = compression
    }
}
