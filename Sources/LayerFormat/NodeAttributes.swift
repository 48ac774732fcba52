/// What a node of a layer tree is.
package enum NodeKind: UInt8, Sendable, CaseIterable {
    case regular, directory, symlink, characterDevice, blockDevice, fifo
}

/// What `stat` tells about a node.
package struct NodeAttributes: Sendable, Equatable {
    package var kind: NodeKind
    /// Permission, setuid, setgid and sticky bits (07777); 0777 for symlinks.
    package var mode: UInt32
    package var uid: UInt32
    package var gid: UInt32
    /// Length in bytes: of a file with its holes, or of a symlink's text; 0 for all else.
    package var size: Int64
    /// Names of the node; 2 + subdirectories for a directory.
    package var linkCount: UInt32
    package var modified: Timestamp
    package var deviceMajor: UInt32
    package var deviceMinor: UInt32
}

/// A stretch of a file that lies in one piece of the tar, or is a hole.
package struct Extent: Sendable, Equatable {
    /// Offset in the file.
    package var fileOffset: Int64
    /// Offset in the uncompressed tar; nil for a hole, which reads as zeros.
    package var tarOffset: Int64?
    /// Bytes; never 0.
    package var length: Int64

    package init(fileOffset: Int64, tarOffset: Int64?, length: Int64) {
        self.fileOffset = fileOffset
        self.tarOffset = tarOffset
        self.length = length
    }
}
