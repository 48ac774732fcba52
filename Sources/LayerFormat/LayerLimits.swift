/// Caps on what a layer may hold, checked before anything is allocated for it (soci.md part 9, rules 1 and 3).
package struct LayerLimits: Sendable, Equatable {
    /// Entries of a tar, and nodes of a tree, made-up parents included.
    package var entries = 10_000_000
    /// Bytes of a name or a link's text.
    package var nameLength = 4096
    /// Bytes of one part of a name between slashes.
    package var partLength = 255
    /// Bytes of one extended header: PAX records, a GNU long name, or a sparse map.
    package var extendedHeaderSize = 1 << 20
    /// Directories above an entry.
    package var depth = 1024
    /// Length of the tar, in bytes; content beyond it is refused. No file of common file systems is longer.
    package var contentSize: Int64 = 16 << 40

    package init() {}

    /// The caps of the specification.
    package static let standard = LayerLimits()
}
