/// Why the layer store could not do what it was asked for.
package struct LayerError: Error, Sendable, Equatable, CustomStringConvertible {
    package enum Code: Sendable, Equatable {
        /// Nothing usable of this layer is on the disk, or the store does not have it.
        case notFound
        /// The layer was removed while it was asked for something.
        case removed
        /// The table of contents was shown to be wrong; nothing of the layer is served any more.
        case poisoned
        /// Nothing came within `LayerStoreOptions.readTimeout`; a later try may succeed.
        case timedOut
        /// The source failed; a later try may succeed.
        case unavailable
        /// What came is not what the digests promise.
        case mismatch
        /// The table of contents cannot be used for this layer.
        case unusableTableOfContents
        /// Offsets outside the layer.
        case outOfRange
        case diskFull
        /// The disk failed otherwise.
        case disk
    }

    package var code: Code
    /// What failed, why, and where it helps what to try; never holds a secret.
    package var message: String

    package init(_ code: Code, _ message: String) {
        self.code = code
        self.message = message
    }

    package var description: String { message }
}
