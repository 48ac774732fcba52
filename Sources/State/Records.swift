package import FoundationEssentials
package import OCI

/// One image that is on this node.
package struct ImageRecord: Sendable, Equatable {
    /// The image id: with `runtime: none` the digest of the configuration.
    package var id: Digest
    /// Normalised full names with tag, sorted; a tag belongs to one image only.
    package var references: [String]
    /// Normalised full names with digest (`repository@sha256:…`), sorted.
    package var digests: [String]
    package var manifestDigest: Digest
    package var mediaType: String
    /// The manifest, byte for byte as the registry sent it.
    package var manifest: [UInt8]
    /// The image configuration, byte for byte.
    package var config: [UInt8]
    /// Compressed bytes of the whole image, as its manifest says.
    package var size: Int64
    /// Whom the image's processes run as; nil when the configuration names nobody.
    package var user: ImageUser?
    package var isPinned: Bool
    /// The strategy of the last pull, in Policy's words.
    package var strategy: String
    /// Why that strategy, as JSON; opaque here.
    package var reasons: String
    /// Blob digests in the manifest's order, lowest first; one may occur twice. Each has a `LayerRecord`.
    package var layers: [Digest]
    /// First pull that ended well; kept to the millisecond.
    package var createdAt: Date
    /// Last pull that ended well; kept to the millisecond.
    package var lastPulledAt: Date

    package init(
        id: Digest, references: [String], digests: [String], manifestDigest: Digest, mediaType: String,
        manifest: [UInt8], config: [UInt8], size: Int64, user: ImageUser? = nil, isPinned: Bool = false,
        strategy: String, reasons: String = "[]", layers: [Digest], createdAt: Date, lastPulledAt: Date
    ) {
        self.id = id
        self.references = references
        self.digests = digests
        self.manifestDigest = manifestDigest
        self.mediaType = mediaType
        self.manifest = manifest
        self.config = config
        self.size = size
        self.user = user
        self.isPinned = isPinned
        self.strategy = strategy
        self.reasons = reasons
        self.layers = layers
        self.createdAt = createdAt
        self.lastPulledAt = lastPulledAt
    }
}

/// The user of an image's configuration as CRI reports it: by number or by name, never both (cri-image-service.md 4).
package enum ImageUser: Sendable, Equatable {
    case id(Int64)
    case name(String)
}

/// What is to be known of a layer before it gets its slot.
package struct NewLayer: Sendable, Equatable {
    package var digest: Digest
    /// Size of the blob in bytes.
    package var size: Int64
    package var diffID: Digest
    /// In LayerFormat's words: `gzip` or `none`.
    package var compression: String
    /// The repository it can be fetched from, normalised, without tag: `docker.io/library/python`.
    package var source: String

    package init(digest: Digest, size: Int64, diffID: Digest, compression: String, source: String) {
        self.digest = digest
        self.size = size
        self.diffID = diffID
        self.compression = compression
        self.source = source
    }
}

/// One layer that is in the store, or on its way.
package struct LayerRecord: Sendable, Equatable {
    package var digest: Digest
    /// Its number in the FUSE store, from 1. Persistent and never given out again, not even after the layer is gone.
    package var slot: UInt32
    /// Size of the blob in bytes.
    package var size: Int64
    package var diffID: Digest
    package var compression: String
    /// The repository that last offered it.
    package var source: String
    /// Why its content must not be trusted; nil for all but those whose diffID came out wrong.
    package var poisoned: String?
    /// Whether all of it is here and the diffID was checked.
    package var isComplete: Bool

    package init(
        digest: Digest, slot: UInt32, size: Int64, diffID: Digest, compression: String, source: String,
        poisoned: String? = nil, isComplete: Bool = false
    ) {
        self.digest = digest
        self.slot = slot
        self.size = size
        self.diffID = diffID
        self.compression = compression
        self.source = source
        self.poisoned = poisoned
        self.isComplete = isComplete
    }
}

/// One root file system given out by `imagelet mount`.
package struct MountRecord: Sendable, Equatable {
    package var id: String
    package var imageID: Digest
    /// Where it is mounted; absolute.
    package var target: String
    /// Parent of the overlay's upper and work directories; absolute.
    package var upperDirectory: String
    /// Kept to the millisecond.
    package var createdAt: Date

    package init(id: String, imageID: Digest, target: String, upperDirectory: String, createdAt: Date) {
        self.id = id
        self.imageID = imageID
        self.target = target
        self.upperDirectory = upperDirectory
        self.createdAt = createdAt
    }
}
