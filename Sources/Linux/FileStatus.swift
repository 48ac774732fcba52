internal import CLinux
internal import Glibc

/// What stat(2) says about a file.
package struct FileStatus: Sendable, Equatable {
    package enum Kind: Sendable, Equatable {
        case regular, directory, symlink, characterDevice, blockDevice, fifo, socket
    }

    package var kind: Kind
    /// Permission, setuid, setgid and sticky bits (07777).
    package var mode: UInt32
    package var uid: UInt32
    package var gid: UInt32
    /// Logical length in bytes.
    package var size: Int64
    /// Bytes on the disk.
    package var allocatedBytes: Int64
    package var linkCount: UInt64
    package var inode: UInt64
    /// The file system it lies on, as the kernel packs major and minor.
    package var device: UInt64
    /// Of a device node, as the kernel packs major and minor.
    package var deviceMajor: UInt32
    package var deviceMinor: UInt32
    /// Last change of content: seconds since 1970 and nanoseconds.
    package var modifiedSeconds: Int64
    package var modifiedNanoseconds: UInt32

    /// Of `path` itself: a symlink is not followed.
    package init(_ path: String) throws(LinuxError) {
        var raw = stat()
        try system("lstat", path) { unsafe lstat(path, &raw) }
        self.init(raw)
    }

    /// Of what this process's standard error leads to; nil if it is closed.
    package static var ofStandardError: FileStatus? {
        var raw = stat()
        guard unsafe fstat(STDERR_FILENO, &raw) == 0 else { return nil }
        return FileStatus(raw)
    }

    init(_ raw: stat) {
        kind =
            switch raw.st_mode & S_IFMT {
            case S_IFDIR: .directory
            case S_IFLNK: .symlink
            case S_IFCHR: .characterDevice
            case S_IFBLK: .blockDevice
            case S_IFIFO: .fifo
            case S_IFSOCK: .socket
            default: .regular
            }
        mode = raw.st_mode & 0o7777
        uid = raw.st_uid
        gid = raw.st_gid
        size = Int64(raw.st_size)
        allocatedBytes = Int64(raw.st_blocks) * 512
        linkCount = UInt64(raw.st_nlink)
        inode = UInt64(raw.st_ino)
        device = UInt64(raw.st_dev)
        deviceMajor = DeviceNumber.major(UInt64(raw.st_rdev))
        deviceMinor = DeviceNumber.minor(UInt64(raw.st_rdev))
        modifiedSeconds = Int64(raw.st_mtim.tv_sec)
        modifiedNanoseconds = UInt32(clamping: raw.st_mtim.tv_nsec)
    }
}

/// Major and minor of device numbers, as glibc packs them in `dev_t` (makedev(3)).
package enum DeviceNumber {
    package static func major(_ device: UInt64) -> UInt32 {
        UInt32(truncatingIfNeeded: (device >> 8) & 0xfff | (device >> 32) & ~0xfff)
    }

    package static func minor(_ device: UInt64) -> UInt32 {
        UInt32(truncatingIfNeeded: device & 0xff | (device >> 12) & ~0xff)
    }

    package static func make(major: UInt32, minor: UInt32) -> UInt64 {
        let (major, minor) = (UInt64(major), UInt64(minor))
        return (major & 0xfff) << 8 | (major & ~0xfff) << 32 | minor & 0xff | (minor & ~0xff) << 12
    }
}
