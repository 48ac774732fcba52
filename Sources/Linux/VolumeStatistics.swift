internal import CLinux
internal import Glibc

/// What statfs(2) says about the file system a path lies on.
package struct VolumeStatistics: Sendable, Equatable {
    /// Bytes of a block, the unit of the three counts below.
    package var blockSize: Int64
    package var blocks: UInt64
    package var freeBlocks: UInt64
    /// Free for those who aren't root.
    package var availableBlocks: UInt64
    package var inodes: UInt64
    package var freeInodes: UInt64
    /// Longest name in bytes.
    package var nameLimit: Int64

    package init(of path: String) throws(LinuxError) {
        var raw = statfs()
        try system("statfs", path) { unsafe statfs(path, &raw) }
        blockSize = Int64(raw.f_frsize > 0 ? raw.f_frsize : raw.f_bsize)
        blocks = UInt64(raw.f_blocks)
        freeBlocks = UInt64(raw.f_bfree)
        availableBlocks = UInt64(raw.f_bavail)
        inodes = UInt64(raw.f_files)
        freeInodes = UInt64(raw.f_ffree)
        nameLimit = Int64(raw.f_namelen)
    }

    package var totalBytes: Int64 { Int64(clamping: blocks) * blockSize }
    package var availableBytes: Int64 { Int64(clamping: availableBlocks) * blockSize }
}
