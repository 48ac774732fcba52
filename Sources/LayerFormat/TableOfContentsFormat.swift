/// A table-of-contents format: opens files of it and makes indexers that write it.
///
/// `SOCI` conforms with its zTOC; further formats come as further conformers, and nobody above this seam knows which one it is.
package protocol TableOfContentsFormat: Sendable {
    /// Opens a table of contents for reading segments. Reads the flat tables; windows stay in `file` and are read on demand.
    /// - Parameter blobSize: size of the layer blob by its descriptor; a table made for another size is refused.
    /// - Throws: `LayerFormatError`, or what reading `file` throws.
    func open(_ file: any RandomAccessBytes, blobSize: Int64) throws -> any SegmentedLayer

    /// Reads all entries and makes the layer's tree of them. Node numbers are the same each time.
    /// - Throws: `LayerFormatError`, or what reading `file` throws.
    func makeTree(_ file: any RandomAccessBytes) throws -> LayerTree

    /// An indexer for one blob of this compression.
    /// - Parameter hashesContent: whether it says the diffID; whoever hashes the content elsewhere spares it that.
    func makeIndexer(compression: LayerCompression, hashesContent: Bool) throws -> any LayerIndexer
}
