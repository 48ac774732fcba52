package import LayerFormat

/// An EROFS image of a layer's tree: all its metadata, while the content of files lies in the layer's tar, its extra device.
///
/// The root has one entry, `layerName`, which is the layer's root: a directory on which the image is not mounted can never be taken for
/// an empty layer. The same tree gives the same bytes.
package struct MetadataImage: Sendable {
    package let bytes: [UInt8]

    package static let layerName = "layer"

    /// Bytes of an image; some two million entries.
    package static let largest = 256 << 20

    /// - Parameters:
    ///   - tarSize: length of the tar in bytes.
    ///   - identity: 16 bytes that tell the image from others on the node: overlayfs compares them.
    /// - Throws: `Obstacle` if EROFS cannot show the tree exactly as it is.
    package init(of tree: LayerTree, tarSize: Int64, identity: [UInt8]) throws(Obstacle) {
        precondition(identity.count == 16, "a UUID has 16 bytes")
        let source = TreeSource(tree: tree, tarSize: tarSize)
        var writer = ImageWriter(source: source, layout: try Layout(source))
        try writer.write(identity: identity)
        bytes = writer.buffer.bytes
    }
}
