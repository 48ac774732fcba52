/// A place in a gzip stream where decoding can start (soci.md 2.1).
package struct Checkpoint: Sendable, Equatable {
    /// Length of the history deflate may refer to, and of every full window.
    package static let windowSize = 32768

    /// Offset in the blob of the first **whole** byte not yet consumed.
    package var compressedOffset: Int64
    /// Offset in the uncompressed stream.
    package var contentOffset: Int64
    /// 0...7: how many high-order bits of the byte before `compressedOffset` still belong to what follows.
    package var bits: UInt8
    /// The last bytes of content before `contentOffset`, oldest first, at most `windowSize`; fewer only where fewer exist.
    package var window: [UInt8]

    package init(compressedOffset: Int64, contentOffset: Int64, bits: UInt8, window: [UInt8]) {
        self.compressedOffset = compressedOffset
        self.contentOffset = contentOffset
        self.bits = bits
        self.window = window
    }
}
