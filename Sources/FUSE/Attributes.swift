internal import CFuse
internal import Glibc
package import Linux

/// The number the kernel knows a file by; 1 is the root of the mount.
package typealias NodeID = UInt64

/// Metadata of a node, as stat(2) shows it.
package struct Attributes: Sendable, Equatable {
    /// Shown as st_ino.
    package var inode: UInt64
    package var kind: FileStatus.Kind
    /// Permission, setuid, setgid and sticky bits (07777).
    package var mode: UInt32
    package var uid: UInt32
    package var gid: UInt32
    /// Logical length in bytes.
    package var size: Int64
    package var linkCount: UInt32
    /// Seconds since 1970, and nanoseconds on top; shown as all three times.
    package var modifiedSeconds: Int64
    package var modifiedNanoseconds: UInt32
    package var deviceMajor: UInt32
    package var deviceMinor: UInt32

    package init(
        inode: UInt64, kind: FileStatus.Kind, mode: UInt32, uid: UInt32 = 0, gid: UInt32 = 0, size: Int64 = 0,
        linkCount: UInt32 = 1, modifiedSeconds: Int64 = 0, modifiedNanoseconds: UInt32 = 0,
        deviceMajor: UInt32 = 0, deviceMinor: UInt32 = 0
    ) {
        self.inode = inode
        self.kind = kind
        self.mode = mode
        self.uid = uid
        self.gid = gid
        self.size = size
        self.linkCount = linkCount
        self.modifiedSeconds = modifiedSeconds
        self.modifiedNanoseconds = modifiedNanoseconds
        self.deviceMajor = deviceMajor
        self.deviceMinor = deviceMinor
    }

    var stat: stat {
        var result = Glibc.stat()
        result.st_ino = ino_t(inode)
        result.st_mode = kind.bits | mode & 0o7777
        result.st_uid = uid
        result.st_gid = gid
        result.st_size = off_t(size)
        result.st_nlink = nlink_t(linkCount)
        result.st_rdev = dev_t(DeviceNumber.make(major: deviceMajor, minor: deviceMinor))
        result.st_blksize = 4096
        // As if it lay unpacked on a file system with blocks of 4096 bytes; st_blocks counts 512.
        result.st_blocks = blkcnt_t((size / 4096 + (size % 4096 == 0 ? 0 : 1)) * 8)
        let time = timespec(tv_sec: time_t(modifiedSeconds), tv_nsec: Int(modifiedNanoseconds))
        result.st_mtim = time
        result.st_ctim = time
        result.st_atim = time
        return result
    }
}

extension FileStatus.Kind {
    /// The type bits of st_mode.
    var bits: UInt32 {
        switch self {
        case .regular: S_IFREG
        case .directory: S_IFDIR
        case .symlink: S_IFLNK
        case .characterDevice: S_IFCHR
        case .blockDevice: S_IFBLK
        case .fifo: S_IFIFO
        case .socket: S_IFSOCK
        }
    }
}

/// A name's node, and for how long the kernel may believe that without asking.
package struct Entry: Sendable, Equatable {
    package var node: NodeID
    package var attributes: Attributes
    /// How long the name stands for the node.
    package var nameValidity: Duration
    package var attributesValidity: Duration

    package init(node: NodeID, attributes: Attributes, nameValidity: Duration, attributesValidity: Duration) {
        self.node = node
        self.attributes = attributes
        self.nameValidity = nameValidity
        self.attributesValidity = attributesValidity
    }

    var parameters: fuse_entry_param {
        var result = fuse_entry_param()
        result.ino = fuse_ino_t(node)
        result.attr = attributes.stat
        result.entry_timeout = nameValidity.inSeconds
        result.attr_timeout = attributesValidity.inSeconds
        return result
    }
}

extension Duration {
    var inSeconds: Double { Double(components.seconds) + Double(components.attoseconds) * 1e-18 }
}
