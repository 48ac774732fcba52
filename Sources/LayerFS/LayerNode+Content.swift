internal import LayerFormat
internal import Layers

extension LayerNode {
    /// Bytes of the file that a read of `size` at `offset` gets: fewer at the end.
    func readable(at offset: Int64, size: Int) -> Range<Int64> {
        let attributes = tree.attributes(of: number)
        // Only files have bytes; a symlink's size is that of its text.
        let length = attributes.kind == .regular ? attributes.size : 0
        let start = min(max(offset, 0), length)
        return start..<start + min(Int64(size), length - start)
    }

    /// Fills the start of `buffer` with `range` of the file, holes as zeros.
    /// - Returns: false if a part of it isn't local; `buffer` holds anything then.
    func fill(_ buffer: inout MutableSpan<UInt8>, with range: Range<Int64>) throws -> Bool {
        for extent in tree.extents(of: number, in: range) {
            let start = Int(extent.fileOffset - range.lowerBound)
            var part = buffer._mutatingExtracting(start..<start + Int(extent.length))
            if let offset = extent.tarOffset {
                guard try layer.readIfLocal(at: offset, into: &part) else { return false }
            } else {
                part.update(repeating: 0)
            }
        }
        return true
    }

    /// Returns when all of `range` of the file can be read.
    func makeLocal(_ range: Range<Int64>) async throws {
        let extents = tree.extents(of: number, in: range)
        // What a file stores lies in one piece of the tar, so that this is one request.
        let stored = extents.compactMap { extent in extent.tarOffset.map { $0..<$0 + extent.length } }
        guard let start = stored.map(\.lowerBound).min(), let end = stored.map(\.upperBound).max() else { return }
        try await layer.makeLocal(start..<end)
    }

    /// Path in the layer, for people. Searches the tree.
    var path: String { tree.paths(of: [number])[number] ?? "node \(number)" }
}
