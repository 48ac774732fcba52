internal import LayerFormat

/// The names of one directory, in blocks: each begins with its entries, their names follow.
struct DirectoryContent {
    /// What an image has names for.
    enum Target: Equatable {
        /// The root of the image, above that of the layer.
        case imageRoot
        case node(LayerTree.NodeNumber)
    }

    private struct Entry {
        var name: [UInt8]
        var target: Target
    }

    /// Sorted bytewise, "." and ".." among them: the kernel searches by halving.
    private var entries: [Entry] = []
    /// Numbers of the first entry of each block.
    private var starts: [Int] = []
    /// Bytes, without what the last block leaves free.
    private(set) var size = 0

    /// - Parameter children: sorted bytewise, without "." and "..".
    init(
        _ children: some Sequence<(name: [UInt8], node: LayerTree.NodeNumber)>, own: Target, parent: Target
    ) throws(Obstacle) {
        var dots = [Entry(name: Array("..".utf8), target: parent), Entry(name: Array(".".utf8), target: own)]
        for child in children {
            guard (1...255).contains(child.name.count), !child.name.contains(0) else { throw .name }
            while let dot = dots.last, dot.name.lexicographicallyPrecedes(child.name) {
                append(dot)
                dots.removeLast()
            }
            append(Entry(name: child.name, target: .node(child.node)))
        }
        while let dot = dots.popLast() { append(dot) }
    }

    private mutating func append(_ entry: Entry) {
        let length = Format.directoryEntrySize + entry.name.count
        let used = starts.isEmpty ? Format.blockSize : (size - 1) % Format.blockSize + 1
        if used + length > Format.blockSize {
            size = starts.count * Format.blockSize
            starts.append(entries.count)
        }
        size += length
        entries.append(entry)
    }

    /// - Parameters:
    ///   - number: of the inode of a target.
    ///   - kind: of a target.
    func bytes(number: (Target) -> UInt64, kind: (Target) -> NodeKind) -> [UInt8] {
        var buffer = ImageBuffer(size: size)
        for (block, first) in starts.enumerated() {
            let group = entries[first..<(block + 1 < starts.count ? starts[block + 1] : entries.count)]
            let base = block * Format.blockSize
            var name = group.count * Format.directoryEntrySize
            for (position, entry) in group.enumerated() {
                let place = base + position * Format.directoryEntrySize
                buffer.put(number(entry.target), at: place)
                buffer.put(UInt16(name), at: place + 8)
                buffer.put(kind(entry.target).directoryType, at: place + 10)
                buffer.put(entry.name, at: base + name)
                name += entry.name.count
            }
        }
        return buffer.bytes
    }
}

extension NodeKind {
    /// FT_… of Linux, fs_types.h.
    fileprivate var directoryType: UInt8 {
        switch self {
        case .regular: 1
        case .directory: 2
        case .characterDevice: 3
        case .blockDevice: 4
        case .fifo: 5
        case .symlink: 7
        }
    }
}
