package import OCI

/// The smallest part of a blob that can be fetched, verified, decoded and cached by itself: a SOCI span.
package struct Segment: Sendable, Equatable {
    /// Position in the layer's list, from 0.
    package var number: Int
    /// Bytes of the blob to fetch (upper bound exclusive). Neighbours may share one byte.
    package var compressed: Range<Int64>
    /// Bytes of the uncompressed tar it decodes to (upper bound exclusive); may be empty.
    package var content: Range<Int64>
    /// SHA-256 over exactly the `compressed` bytes.
    package var digest: Digest

    package init(number: Int, compressed: Range<Int64>, content: Range<Int64>, digest: Digest) {
        self.number = number
        self.compressed = compressed
        self.content = content
        self.digest = digest
    }
}

/// A layer that can be read out of order: its segments, and how to decode each.
///
/// Implementations keep windows on disk and hold only the flat tables in memory.
package protocol SegmentedLayer: Sendable {
    /// Size of the blob the segments were cut from.
    var blobSize: Int64 { get }
    /// End of the content that segments cover (offset in the tar, exclusive).
    var contentSize: Int64 { get }
    /// Number of segments.
    var segmentCount: Int { get }
    /// Segment `number`, 0 ..< `segmentCount`. Content ranges ascend, are contiguous, start at 0 and end at `contentSize`.
    func segment(_ number: Int) -> Segment
    /// The last segment whose content starts at or before `offset` (0 ..< `contentSize`) and is not empty.
    func segmentNumber(containing offset: Int64) -> Int
    /// A decoder that starts at `number`'s checkpoint. Reads the checkpoint's window from the table of contents on disk.
    func makeDecoder(for number: Int) throws -> any SegmentDecoder
    /// The up to 32768 bytes of content that must precede segment `number`, for the windows check (soci.md part 5, rule f);
    /// nil where decoding needs no history (plain tar).
    func window(before number: Int) throws -> [UInt8]?
}

/// Decodes one segment while its compressed bytes arrive.
package protocol SegmentDecoder: AnyObject {
    /// Takes the next compressed bytes and calls `produce` with content, in order; never produces more than the segment's content.
    /// - Throws: `LayerFormatError` if the bytes cannot be decoded, or what `produce` throws.
    func feed(_ compressed: [UInt8], _ produce: ([UInt8]) throws -> Void) throws
    /// - Throws: `LayerFormatError.mismatch` if less content came out than the segment must have.
    func finish() throws
}

/// Turns a whole blob, streamed in order, into content and a table of contents.
package protocol LayerIndexer: AnyObject {
    /// Takes the next bytes of the blob and calls `produce` with the tar's content, in order.
    /// - Throws: `LayerFormatError`, or what `produce` throws.
    func feed(_ compressed: [UInt8], _ produce: ([UInt8]) throws -> Void) throws
    /// Ends the stream. The result's pieces, written one after the other, are the table of contents file.
    func finish() throws -> IndexedLayer
}

/// What an indexer learned from a whole blob.
package struct IndexedLayer: Sendable {
    /// The table of contents (zTOC) as pieces of one file.
    package var pieces: [[UInt8]]
    /// Digest and size of the blob that was fed.
    package var blobDigest: Digest
    package var blobSize: Int64
    /// SHA-256 of the uncompressed tar, all of it: the layer's diffID. Nil if the indexer was told not to hash content.
    package var diffID: Digest?
    /// Length of the uncompressed tar, padding behind the end-of-archive blocks included.
    package var tarSize: Int64

    package init(pieces: [[UInt8]], blobDigest: Digest, blobSize: Int64, diffID: Digest?, tarSize: Int64) {
        self.pieces = pieces
        self.blobDigest = blobDigest
        self.blobSize = blobSize
        self.diffID = diffID
        self.tarSize = tarSize
    }
}
