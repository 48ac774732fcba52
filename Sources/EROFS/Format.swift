/// Sizes and numbers of the format (Linux, fs/erofs/erofs_fs.h; erofs.docs.kernel.org, "Core on-disk format").
enum Format {
    /// As a tar: content begins at multiples of it.
    static let blockBits = 9
    static let blockSize = 1 << blockBits

    static let superblockOffset = 1024
    static let superblockSize = 128
    static let deviceSlotSize = 128
    static let magic: UInt32 = 0xe0f5_e1e2
    /// EROFS_FEATURE_COMPAT_MTIME: the one time of an inode is that of its last modification.
    static let compatible: UInt32 = 0x2
    /// EROFS_FEATURE_INCOMPAT_CHUNKED_FILE and _DEVICE_TABLE.
    static let incompatible: UInt32 = 0x4 | 0x8

    /// Inodes begin at multiples of it; the multiple is the inode's number (nid).
    static let inodeSlot = 32
    /// Of the extended kind, the one that has 32 bits of owner and a time of its own.
    static let inodeSize = 64
    static let directoryEntrySize = 12
    static let chunkIndexSize = 8
    static let attributeHeaderSize = 12
    static let attributeEntrySize = 4

    /// The only extra device: the tar.
    static let tarDevice: UInt16 = 1
    /// The block number of a hole.
    static let hole = UInt32.max

    /// How an inode's data is found.
    enum DataLayout: UInt16 {
        /// In blocks of their own.
        case plain = 0
        /// As plain, but what does not fill a block lies behind the inode.
        case inline = 2
        /// By an array of chunk indexes behind the inode.
        case chunks = 4
    }

    static func aligned(_ offset: Int, to size: Int) -> Int { (offset + size - 1) / size * size }
}

/// Bytes of known length that are written out of order, little-endian.
struct ImageBuffer {
    private(set) var bytes: [UInt8]

    init(size: Int) { bytes = [UInt8](repeating: 0, count: size) }

    mutating func put(_ value: some FixedWidthInteger, at offset: Int) {
        for index in 0..<value.bitWidth / 8 {
            bytes[offset + index] = UInt8(truncatingIfNeeded: value >> (index * 8))
        }
    }

    mutating func put(_ source: some Collection<UInt8>, at offset: Int) {
        bytes.replaceSubrange(offset..<offset + source.count, with: source)
    }
}
