internal import LayerFormat

/// The extended attributes of one inode, as they lie behind it; empty without any.
struct AttributeBody {
    private(set) var bytes: [UInt8] = []

    /// What the inode says of their size.
    var count: UInt16 {
        bytes.isEmpty ? 0 : UInt16((bytes.count - Format.attributeHeaderSize) / Format.attributeEntrySize + 1)
    }

    /// Names begin with one of these, which is written as a number.
    ///
    /// Access control lists, which have numbers too, are left out: EROFS would enforce them, and FUSE only shows them.
    private static let prefixes: [(text: [UInt8], number: UInt8)] = [
        (Array("user.".utf8), 1), (Array("trusted.".utf8), 4), (Array("security.".utf8), 6),
    ]

    init(of node: LayerTree.NodeNumber, in tree: LayerTree) throws(Obstacle) {
        let names = tree.xattrNames(of: node)
        guard !names.isEmpty else { return }
        bytes = [UInt8](repeating: 0, count: Format.attributeHeaderSize)
        for name in names {
            guard let value = tree.xattr(name, of: node) else { continue }
            try append(name, value)
        }
        guard (bytes.count - Format.attributeHeaderSize) / Format.attributeEntrySize < Int(UInt16.max) else {
            throw .extendedAttribute
        }
    }

    private mutating func append(_ name: [UInt8], _ value: [UInt8]) throws(Obstacle) {
        guard let prefix = Self.prefixes.first(where: { name.starts(with: $0.text) }),
            name.count > prefix.text.count, let valueSize = UInt16(exactly: value.count),
            let nameSize = UInt8(exactly: name.count - prefix.text.count)
        else { throw .extendedAttribute }
        bytes += [nameSize, prefix.number, UInt8(truncatingIfNeeded: valueSize), UInt8(valueSize >> 8)]
        bytes += name.dropFirst(prefix.text.count)
        bytes += value
        while !bytes.count.isMultiple(of: Format.attributeEntrySize) { bytes.append(0) }
    }
}
