internal import LayerFormat

/// Where the inodes and the blocks of directories and long symlinks lie: the first of the two passes over a tree.
///
/// Inodes lie in the order of the tree's numbers, which is about that of the tar: what is looked at together lies together.
struct Layout {
    struct Place {
        /// Offset of the inode.
        var inode: Int
        var data: Format.DataLayout
        /// Number of the first block of its own; the blocks follow all inodes.
        var block = 0
    }

    /// The image's root comes first: its number has 16 bits.
    static let rootOffset = Format.superblockOffset + Format.superblockSize + Format.deviceSlotSize

    private(set) var root = Place(inode: Layout.rootOffset, data: .inline)
    private(set) var nodes: [Place] = []
    private var end = Layout.rootOffset
    private var blockCount = 0

    init(_ source: TreeSource) throws(Obstacle) {
        nodes.reserveCapacity(source.tree.nodeCount)
        root = try place(attributes: 0, content: .stored(try source.rootContent().size))
        for node in 0..<LayerTree.NodeNumber(source.tree.nodeCount) {
            let attributes = try AttributeBody(of: node, in: source.tree).bytes.count
            nodes.append(try place(attributes: attributes, content: try source.shape(of: node)))
        }
        let firstBlock = Format.aligned(end, to: Format.blockSize) / Format.blockSize
        root.block += firstBlock
        for index in nodes.indices { nodes[index].block += firstBlock }
        size = (firstBlock + blockCount) * Format.blockSize
    }

    /// Bytes of the image.
    private(set) var size = 0

    func place(of target: DirectoryContent.Target) -> Place {
        switch target {
        case .imageRoot: root
        case .node(let number): nodes[Int(number)]
        }
    }

    func number(of target: DirectoryContent.Target) -> UInt64 {
        UInt64(place(of: target).inode / Format.inodeSlot)
    }

    /// Gives the next inode its place.
    private mutating func place(attributes: Int, content: TreeSource.Shape) throws(Obstacle) -> Place {
        let head = Format.inodeSize + attributes
        var place = Place(inode: Format.aligned(end, to: Format.inodeSlot), data: .plain, block: blockCount)
        switch content {
        case .none:
            end = place.inode + head
        case .chunks(let count):
            place.data = .chunks
            end = Format.aligned(place.inode + head, to: Format.chunkIndexSize) + count * Format.chunkIndexSize
        case .stored(let size):
            let tail = size % Format.blockSize
            blockCount += size / Format.blockSize
            if head + tail <= Format.blockSize {
                // The tail may not lie across the end of a block; without one it is as good as plain.
                if place.inode % Format.blockSize + head + tail > Format.blockSize {
                    place.inode = Format.aligned(place.inode, to: Format.blockSize)
                }
                place.data = tail > 0 ? .inline : .plain
                end = place.inode + head + tail
            } else {
                blockCount += 1
                end = place.inode + head
            }
        }
        guard end + blockCount * Format.blockSize <= MetadataImage.largest else { throw .tooLarge }
        return place
    }
}

/// A layer's tree as both passes look at it.
struct TreeSource {
    let tree: LayerTree
    /// Of the tar, in bytes.
    let tarSize: Int64

    /// How much an inode has besides its head.
    enum Shape {
        case none
        /// Bytes of the image itself.
        case stored(Int)
        /// So many chunks of the tar.
        case chunks(Int)
    }

    /// PATH_MAX counts the zero byte at the end.
    private static let longestLink = 4095

    func shape(of node: LayerTree.NodeNumber) throws(Obstacle) -> Shape {
        switch tree.attributes(of: node).kind {
        case .regular:
            let count = try chunks(of: node).blocks.count
            return count > 0 ? .chunks(count) : .none
        case .directory: return .stored(try directory(node).size)
        case .symlink: return .stored(try link(node).count)
        case .characterDevice, .blockDevice, .fifo: return .none
        }
    }

    func chunks(of node: LayerTree.NodeNumber) throws(Obstacle) -> ChunkMap {
        let size = tree.attributes(of: node).size
        return try ChunkMap(tree.extents(of: node, in: 0..<max(0, size)), size: size, tarSize: tarSize)
    }

    func directory(_ node: LayerTree.NodeNumber) throws(Obstacle) -> DirectoryContent {
        try DirectoryContent(
            tree.children(of: node), own: .node(node),
            parent: node == LayerTree.root ? .imageRoot : .node(tree.parent(of: node)))
    }

    func rootContent() throws(Obstacle) -> DirectoryContent {
        try DirectoryContent(
            CollectionOfOne((name: Array(MetadataImage.layerName.utf8), node: LayerTree.root)), own: .imageRoot,
            parent: .imageRoot)
    }

    func link(_ node: LayerTree.NodeNumber) throws(Obstacle) -> [UInt8] {
        let text = tree.linkTarget(of: node)
        guard text.count <= Self.longestLink, !text.contains(0) else { throw .symlink }
        return text
    }
}
