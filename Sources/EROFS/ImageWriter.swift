internal import LayerFormat

/// The second pass: writes everything to its place.
struct ImageWriter {
    let source: TreeSource
    let layout: Layout
    var buffer: ImageBuffer

    init(source: TreeSource, layout: Layout) {
        self.source = source
        self.layout = layout
        buffer = ImageBuffer(size: layout.size)
    }

    mutating func write(identity: [UInt8]) throws(Obstacle) {
        writeSuperblock(identity)
        writeRoot(try source.rootContent())
        for number in 0..<LayerTree.NodeNumber(source.tree.nodeCount) { try write(number) }
    }

    private mutating func writeSuperblock(_ identity: [UInt8]) {
        let base = Format.superblockOffset
        let devices = base + Format.superblockSize
        buffer.put(Format.magic, at: base)
        buffer.put(Format.compatible, at: base + 8)
        buffer.put(UInt8(Format.blockBits), at: base + 12)
        // Inodes are counted from the image's beginning (meta_blkaddr is 0), attributes are never shared (xattr_blkaddr is 0).
        buffer.put(UInt16(Layout.rootOffset / Format.inodeSlot), at: base + 14)
        buffer.put(UInt64(source.tree.nodeCount + 1), at: base + 16)
        buffer.put(UInt32(layout.size / Format.blockSize), at: base + 36)
        buffer.put(identity, at: base + 48)
        buffer.put(Format.incompatible, at: base + 80)
        buffer.put(UInt16(1), at: base + 86)
        buffer.put(UInt16(devices / Format.deviceSlotSize), at: base + 88)
        let tarBlocks = (max(source.tarSize, 0) + Int64(Format.blockSize) - 1) >> Int64(Format.blockBits)
        buffer.put(UInt32(clamping: tarBlocks), at: devices + 64)
    }

    private mutating func writeRoot(_ content: DirectoryContent) {
        // Nobody looks at it but the search for the layer's own root.
        var attributes = source.tree.attributes(of: LayerTree.root)
        (attributes.size, attributes.linkCount) = (Int64(content.size), 3)
        writeInode(attributes, at: layout.root, number: 0, attributes: 0)
        store(bytes(of: content), at: layout.root, behind: 0)
    }

    private mutating func write(_ number: LayerTree.NodeNumber) throws(Obstacle) {
        let place = layout.nodes[Int(number)]
        var attributes = source.tree.attributes(of: number)
        let body = try AttributeBody(of: number, in: source.tree)
        buffer.put(body.bytes, at: place.inode + Format.inodeSize)
        switch attributes.kind {
        case .regular:
            try writeChunks(of: number, at: place, behind: body.bytes.count)
        case .directory:
            let content = try source.directory(number)
            attributes.size = Int64(content.size)
            store(bytes(of: content), at: place, behind: body.bytes.count)
        case .symlink:
            store(try source.link(number), at: place, behind: body.bytes.count)
        case .characterDevice, .blockDevice:
            buffer.put(try Self.device(attributes), at: place.inode + 16)
        case .fifo:
            break
        }
        writeInode(attributes, at: place, number: number + 1, attributes: body.count)
    }

    /// The extended inode, without the four bytes that say where its data is.
    private mutating func writeInode(
        _ attributes: NodeAttributes, at place: Layout.Place, number: UInt32, attributes count: UInt16
    ) {
        let base = place.inode
        buffer.put(UInt16(1) | place.data.rawValue << 1, at: base)
        buffer.put(count, at: base + 2)
        buffer.put(UInt16(attributes.kind.modeBits | attributes.mode & 0o7777), at: base + 4)
        buffer.put(attributes.size, at: base + 8)
        buffer.put(number, at: base + 20)
        buffer.put(attributes.uid, at: base + 24)
        buffer.put(attributes.gid, at: base + 28)
        buffer.put(attributes.modified.seconds, at: base + 32)
        buffer.put(attributes.modified.nanoseconds, at: base + 40)
        buffer.put(attributes.linkCount, at: base + 44)
    }

    private mutating func writeChunks(
        of number: LayerTree.NodeNumber, at place: Layout.Place, behind attributes: Int
    ) throws(Obstacle) {
        let map = try source.chunks(of: number)
        guard !map.blocks.isEmpty else { return }
        // EROFS_CHUNK_FORMAT_INDEXES
        buffer.put(UInt16(map.shift) | 0x20, at: place.inode + 16)
        var index = Format.aligned(place.inode + Format.inodeSize + attributes, to: Format.chunkIndexSize)
        for block in map.blocks {
            buffer.put(block == Format.hole ? 0 : Format.tarDevice, at: index + 2)
            buffer.put(block, at: index + 4)
            index += Format.chunkIndexSize
        }
    }

    /// Data of the image's own: whole blocks first, the rest behind the inode if it is to lie there.
    private mutating func store(_ data: [UInt8], at place: Layout.Place, behind attributes: Int) {
        buffer.put(UInt32(place.block), at: place.inode + 16)
        let inBlocks = place.data == .inline ? data.count / Format.blockSize * Format.blockSize : data.count
        buffer.put(data[..<inBlocks], at: place.block * Format.blockSize)
        buffer.put(data[inBlocks...], at: place.inode + Format.inodeSize + attributes)
    }

    private func bytes(of content: DirectoryContent) -> [UInt8] {
        content.bytes(number: layout.number) { target in
            switch target {
            case .imageRoot: .directory
            case .node(let number): source.tree.attributes(of: number).kind
            }
        }
    }

    /// Linux's encoding of device numbers (new_encode_dev).
    private static func device(_ attributes: NodeAttributes) throws(Obstacle) -> UInt32 {
        let (major, minor) = (attributes.deviceMajor, attributes.deviceMinor)
        guard major < 1 << 12, minor < 1 << 20 else { throw .deviceNumber }
        return minor & 0xff | major << 8 | (minor & ~0xff) << 12
    }
}

extension NodeKind {
    /// S_IF… of stat(2).
    fileprivate var modeBits: UInt32 {
        switch self {
        case .regular: 0o100000
        case .directory: 0o040000
        case .symlink: 0o120000
        case .characterDevice: 0o020000
        case .blockDevice: 0o060000
        case .fifo: 0o010000
        }
    }
}
