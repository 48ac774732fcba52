package import LayerFormat

/// Read access to one layer for a file system: what is local at once, the rest after waiting.
package protocol LayerReader: Sendable {
    /// The layer's tree; the first call may load it from the disk.
    func tree() throws -> LayerTree
    /// Fills all of `buffer` with content from `tarOffset` on and gives true, or gives false without waiting for the network.
    ///
    /// Every call, hit or miss, counts as a read for read-ahead.
    /// - Throws: `LayerError` if the layer cannot be read at all, or the offsets are outside of it.
    func readIfLocal(at tarOffset: Int64, into buffer: inout MutableSpan<UInt8>) throws -> Bool
    /// Returns when all of `tarRange` (bytes of the tar, upper bound exclusive) can be read. A cancelled task stops waiting at once, and
    /// takes its transfer with it if nobody else waits for it.
    /// - Throws: `LayerError`, `CancellationError`.
    func makeLocal(_ tarRange: Range<Int64>) async throws
}

/// The layers a file system serves, by slot.
package protocol LayerDirectory: Sendable {
    func layer(slot: UInt32) -> (any LayerReader)?
    /// In ascending order.
    func slots() -> [UInt32]
}
