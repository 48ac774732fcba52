package import FoundationEssentials
package import OCI

/// One snapshot given to containerd: a directory of ours, or one of our layers.
package struct SnapshotRecord: Sendable, Equatable {
    package enum Kind: String, Sendable, Equatable {
        /// A read-only look at its parent.
        case view
        /// Being written to.
        case active
        /// Finished: what others can stand on.
        case committed
    }

    /// What was last measured.
    package struct Usage: Sendable, Equatable {
        /// Bytes on the disk.
        package var bytes: Int64
        package var inodes: Int64

        package init(bytes: Int64, inodes: Int64) {
            self.bytes = bytes
            self.inodes = inodes
        }
    }

    /// Names its directory. Persistent and never given out again.
    package var id: Int64
    /// The backend's name of it, which containerd chooses (specs/containerd.md 2) except for adopted ones; opaque, unique.
    package var name: String
    /// Name of the committed snapshot it stands on; nil for the lowest.
    package var parent: String?
    package var kind: Kind
    /// Kept to the millisecond.
    package var createdAt: Date
    /// Last change of kind or labels; kept to the millisecond.
    package var updatedAt: Date
    package var labels: [String: String]
    /// The layer that is its content; nil if that is a directory of ours.
    package var layer: Digest?
    /// The chain ID it was adopted for; nil for what containerd made.
    package var chain: Digest?
    package var usage: Usage?

    package init(
        id: Int64, name: String, parent: String? = nil, kind: Kind, createdAt: Date, updatedAt: Date,
        labels: [String: String] = [:], layer: Digest? = nil, chain: Digest? = nil, usage: Usage? = nil
    ) {
        self.id = id
        self.name = name
        self.parent = parent
        self.kind = kind
        self.createdAt = createdAt
        self.updatedAt = updatedAt
        self.labels = labels
        self.layer = layer
        self.chain = chain
        self.usage = usage
    }
}

/// What goes when a snapshot goes.
package struct RemovedSnapshot: Sendable, Equatable {
    package var snapshot: SnapshotRecord
    /// Layers that nobody needs any more: their files may go.
    package var layers: [LayerRecord]
    /// Images that were forgotten with it.
    package var images: [Digest]
}
