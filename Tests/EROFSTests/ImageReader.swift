import EROFS
import LayerFormat

/// Reads what `MetadataImage` writes, as the kernel would: by the offsets of the format alone.
struct ImageReader {
    struct Failure: Error { var reason: String }

    struct Inode {
        var mode: UInt32
        var uid: UInt32
        var gid: UInt32
        var size: Int64
        var modified: Timestamp
        var linkCount: UInt32
        /// Of devices: as Linux encodes it.
        var device: UInt32
        var xattrs: [[UInt8]: [UInt8]]
        /// Of directories and symlinks.
        var data: [UInt8]
        /// Of files: first block and length in bytes of each chunk; nil for a hole.
        var chunks: [(block: UInt32?, length: Int64)]
    }

    let bytes: [UInt8]
    let root: UInt64

    init(_ bytes: [UInt8]) throws {
        guard bytes.count >= 1280, bytes.count.isMultiple(of: 512) else { throw Failure(reason: "no whole blocks") }
        self.bytes = bytes
        root = try Self.word(bytes, 1038, 2)
        guard try word(1024, 4) == 0xe0f5_e1e2, bytes[1036] == 9 else { throw Failure(reason: "superblock") }
        guard try word(1060, 4) == UInt64(bytes.count / 512) else { throw Failure(reason: "block count") }
        guard try word(1104, 4) == 0xc, try word(1110, 2) == 1, try word(1112, 2) * 128 == 1152 else {
            throw Failure(reason: "features and devices")
        }
    }

    func inode(_ number: UInt64) throws -> Inode {
        let base = Int(clamping: number) * 32
        let format = try word(base, 2)
        let count = Int(try word(base + 2, 2))
        let attributes = count == 0 ? 0 : 12 + 4 * (count - 1)
        let mode = UInt32(try word(base + 4, 2))
        let size = Int64(bitPattern: try word(base + 8, 8))
        let place = UInt32(try word(base + 16, 4))
        guard format & 1 == 1, format >> 4 == 0, size >= 0 else { throw Failure(reason: "inode \(number)") }
        var inode = Inode(
            mode: mode, uid: UInt32(try word(base + 24, 4)), gid: UInt32(try word(base + 28, 4)), size: size,
            modified: Timestamp(
                seconds: Int64(bitPattern: try word(base + 32, 8)), nanoseconds: UInt32(try word(base + 40, 4))),
            linkCount: UInt32(try word(base + 44, 4)), device: place,
            xattrs: try xattrs(base + 64, attributes), data: [], chunks: [])
        let tail = base + 64 + attributes
        switch (format >> 1, mode & 0o170000) {
        case (4, 0o100000): inode.chunks = try chunks(tail, place, size)
        case (0, 0o100000): guard size == 0 else { throw Failure(reason: "a file in the image") }
        case (0, 0o040000), (0, 0o120000), (2, 0o040000), (2, 0o120000):
            let inBlocks = format >> 1 == 2 ? Int(size) / 512 * 512 : Int(size)
            inode.data = try slice(Int(place) * 512, inBlocks, when: inBlocks > 0)
            let rest = Int(size) - inBlocks
            guard rest == 0 || tail % 512 + rest <= 512 else { throw Failure(reason: "a tail across blocks") }
            inode.data += try slice(tail, rest, when: rest > 0)
        case (0, 0o020000), (0, 0o060000), (0, 0o010000): break
        default: throw Failure(reason: "layout \(format) of mode \(mode)")
        }
        return inode
    }

    private func chunks(_ end: Int, _ format: UInt32, _ size: Int64) throws -> [(block: UInt32?, length: Int64)] {
        guard format & ~0x3f == 0, format & 0x20 != 0 else { throw Failure(reason: "chunk format \(format)") }
        let chunk = Int64(512) << Int64(format & 0x1f)
        var index = (end + 7) / 8 * 8
        var chunks: [(block: UInt32?, length: Int64)] = []
        var position: Int64 = 0
        while position < size {
            let (device, block) = (try word(index + 2, 2), UInt32(try word(index + 4, 4)))
            guard device == (block == .max ? 0 : 1) else { throw Failure(reason: "device \(device)") }
            let length = min(chunk, size - position)
            chunks.append((block == .max ? nil : block, length))
            position += length
            index += 8
        }
        return chunks
    }

    private func xattrs(_ start: Int, _ size: Int) throws -> [[UInt8]: [UInt8]] {
        let prefixes: [UInt8: String] = [1: "user.", 4: "trusted.", 6: "security."]
        var found: [[UInt8]: [UInt8]] = [:]
        var offset = start + 12
        while offset < start + size {
            let head = try slice(offset, 4)
            let (nameSize, valueSize) = (Int(head[0]), Int(head[2]) | Int(head[3]) << 8)
            guard let prefix = prefixes[head[1]] else { throw Failure(reason: "attribute of kind \(head[1])") }
            let name = Array(prefix.utf8) + (try slice(offset + 4, nameSize))
            found[name] = try slice(offset + 4 + nameSize, valueSize)
            offset += (4 + nameSize + valueSize + 3) / 4 * 4
        }
        guard offset == start + max(size, 12) else { throw Failure(reason: "attributes beyond their end") }
        return found
    }

    /// The names of a directory in their order, with their inodes and types.
    func entries(_ directory: Inode) throws -> [(name: [UInt8], number: UInt64, type: UInt8)] {
        var entries: [(name: [UInt8], number: UInt64, type: UInt8)] = []
        for start in stride(from: 0, to: directory.data.count, by: 512) {
            let block = Array(directory.data[start..<min(start + 512, directory.data.count)])
            func field(_ offset: Int, _ size: Int) throws -> UInt64 { try ImageReader.word(block, offset, size) }
            let count = Int(try field(8, 2)) / 12
            guard count > 0 else { throw Failure(reason: "an empty block of a directory") }
            for position in 0..<count {
                let name = Int(try field(position * 12 + 8, 2))
                let end = position + 1 < count ? Int(try field(position * 12 + 20, 2)) : block.count
                guard count * 12 <= name, name <= end, end <= block.count else { throw Failure(reason: "a name") }
                let text = Array(block[name..<end].prefix { $0 != 0 })
                if let last = entries.last, !last.name.lexicographicallyPrecedes(text) {
                    throw Failure(reason: "names out of order")
                }
                entries.append((text, try field(position * 12, 8), UInt8(try field(position * 12 + 10, 1))))
            }
        }
        return entries
    }

    private func slice(_ start: Int, _ count: Int, when isUsed: Bool = true) throws -> [UInt8] {
        guard isUsed else { return [] }
        guard start >= 0, count >= 0, start <= bytes.count, count <= bytes.count - start else {
            throw Failure(reason: "\(count) bytes at \(start) of \(bytes.count)")
        }
        return Array(bytes[start..<start + count])
    }

    private func word(_ offset: Int, _ size: Int) throws -> UInt64 { try Self.word(bytes, offset, size) }

    private static func word(_ bytes: [UInt8], _ offset: Int, _ size: Int) throws -> UInt64 {
        guard offset >= 0, offset + size <= bytes.count else { throw Failure(reason: "\(size) bytes at \(offset)") }
        return bytes[offset..<offset + size].reversed().reduce(0) { $0 << 8 | UInt64($1) }
    }
}

extension ImageReader {
    /// Walks the whole image beside the tree it was made of.
    /// - Returns: the first difference; nil if there is none.
    func difference(from tree: LayerTree) throws -> String? {
        let top = try entries(try inode(root))
        guard top.map(\.name) == [Array(".".utf8), Array("..".utf8), Array(MetadataImage.layerName.utf8)] else {
            return "the image's root"
        }
        var numbers: [LayerTree.NodeNumber: UInt64] = [:]
        var waiting = [(node: LayerTree.root, number: top[2].number, parent: root)]
        while let (node, number, parent) = waiting.popLast() {
            if let known = numbers.updateValue(number, forKey: node) {
                // A hard link, seen before.
                if known != number { return "node \(node) is two inodes" }
                continue
            }
            let inode = try inode(number)
            if let difference = try inode.difference(from: node, in: tree) { return "node \(node): \(difference)" }
            guard tree.attributes(of: node).kind == .directory else { continue }
            var names: [[UInt8]] = []
            for entry in try entries(inode) {
                if entry.name == Array(".".utf8) {
                    guard entry.number == number else { return "'.' of \(node)" }
                } else if entry.name == Array("..".utf8) {
                    guard entry.number == parent else { return "'..' of \(node)" }
                } else if let child = tree.lookup(entry.name, in: node) {
                    guard entry.type == tree.attributes(of: child).kind.type else { return "type of \(child)" }
                    waiting.append((child, entry.number, number))
                    names.append(entry.name)
                }
            }
            guard names == tree.children(of: node).map(\.name) else { return "names of \(node)" }
        }
        return numbers.count == tree.nodeCount ? nil : "nodes are missing"
    }
}

extension ImageReader.Inode {
    fileprivate func difference(from node: LayerTree.NodeNumber, in tree: LayerTree) throws -> String? {
        let truth = tree.attributes(of: node)
        guard mode == truth.kind.bits | truth.mode, uid == truth.uid, gid == truth.gid else { return "mode or owner" }
        guard modified == truth.modified, linkCount == truth.linkCount else { return "time or links" }
        if truth.kind != .directory, size != truth.size { return "size" }
        if truth.kind == .symlink, data != tree.linkTarget(of: node) { return "target" }
        if truth.kind == .characterDevice || truth.kind == .blockDevice {
            let (major, minor) = (device >> 8 & 0xfff, device & 0xff | device >> 12 & 0xfff00)
            guard major == truth.deviceMajor, minor == truth.deviceMinor else { return "device" }
        }
        let names = tree.xattrNames(of: node)
        guard xattrs.count == names.count else { return "number of attributes" }
        for name in names where xattrs[name] != tree.xattr(name, of: node) { return "attribute" }
        return truth.kind == .regular ? contentDifference(tree.extents(of: node, in: 0..<truth.size)) : nil
    }

    /// Chunks and extents say the same of every byte if they say it of the first byte of each piece of either.
    private func contentDifference(_ extents: [Extent]) -> String? {
        var (extent, position) = (0, Int64(0))
        for chunk in chunks {
            let end = position + chunk.length
            var within = position
            while within < end {
                guard extent < extents.count else { return "more bytes than the file's" }
                let own = extents[extent]
                let expected = own.tarOffset.map { $0 + within - own.fileOffset }
                let found = chunk.block.map { Int64($0) * 512 + within - position }
                guard expected == found else { return "byte \(within)" }
                within = min(end, own.fileOffset + own.length)
                if within == own.fileOffset + own.length { extent += 1 }
            }
            position = end
        }
        return extent == extents.count ? nil : "fewer bytes than the file's"
    }
}

extension NodeKind {
    fileprivate var bits: UInt32 {
        [
            .regular: 0o100000, .directory: 0o040000, .symlink: 0o120000, .characterDevice: 0o020000,
            .blockDevice: 0o060000, .fifo: 0o010000,
        ][self] ?? 0
    }

    fileprivate var type: UInt8 {
        [.regular: 1, .directory: 2, .characterDevice: 3, .blockDevice: 4, .fifo: 5, .symlink: 7][self] ?? 0
    }
}
