/// One entry of a layer's tar stream as its headers tell it, PAX and GNU extensions merged in (POSIX pax, GNU tar manual).
///
/// Strings are bytes: a tar does not promise UTF-8. Names are not cleaned.
package struct TarEntry: Sendable, Equatable {
    package enum Kind: UInt8, Sendable, CaseIterable {
        case regular, directory, symlink, hardlink, characterDevice, blockDevice, fifo
    }

    /// A PAX record of the entry.
    package struct Record: Sendable, Equatable {
        package var key: [UInt8]
        package var value: [UInt8]

        package init(key: [UInt8], value: [UInt8]) {
            self.key = key
            self.value = value
        }
    }

    package var name: [UInt8]
    package var kind: Kind
    /// Offset in the uncompressed tar of the first byte behind all header blocks.
    package var contentOffset: Int64
    /// Bytes of content that lie in the tar; 0 for all kinds but regular files. A sparse file stores less than its length.
    package var storedSize: Int64
    /// Symlink text, or the tar name of a hard link's target.
    package var linkName: [UInt8]
    /// Permission, setuid, setgid and sticky bits (07777); the type is `kind`.
    package var mode: UInt32
    package var uid: UInt32
    package var gid: UInt32
    package var userName: [UInt8]
    package var groupName: [UInt8]
    package var modified: Timestamp
    package var deviceMajor: UInt32
    package var deviceMinor: UInt32
    /// All PAX records of the entry, sorted by key bytewise; a GNU sparse file carries its map as `GNU.sparse.map` and its length as
    /// `GNU.sparse.size` here, whichever of the four sparse forms the tar used.
    package var records: [Record]

    package init(
        name: [UInt8], kind: Kind, contentOffset: Int64, storedSize: Int64 = 0, linkName: [UInt8] = [],
        mode: UInt32, uid: UInt32 = 0, gid: UInt32 = 0, userName: [UInt8] = [], groupName: [UInt8] = [],
        modified: Timestamp = Timestamp(), deviceMajor: UInt32 = 0, deviceMinor: UInt32 = 0, records: [Record] = []
    ) {
        self.name = name
        self.kind = kind
        self.contentOffset = contentOffset
        self.storedSize = storedSize
        self.linkName = linkName
        self.mode = mode
        self.uid = uid
        self.gid = gid
        self.userName = userName
        self.groupName = groupName
        self.modified = modified
        self.deviceMajor = deviceMajor
        self.deviceMinor = deviceMinor
        self.records = records
    }
}

/// A moment as file systems keep it.
package struct Timestamp: Sendable, Hashable {
    /// Seconds since 1970-01-01T00:00:00Z; may be negative.
    package var seconds: Int64
    /// 0 ..< 1_000_000_000, counted upwards from `seconds`.
    package var nanoseconds: UInt32

    package init(seconds: Int64 = 0, nanoseconds: UInt32 = 0) {
        self.seconds = seconds
        self.nanoseconds = nanoseconds
    }
}
