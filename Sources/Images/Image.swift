internal import OCI
package import State

/// An image of this node as its users see it.
package struct Image: Sendable, Equatable {
    /// `sha256:` and the hex of the config's digest.
    package var id: String
    /// Full names with tag, sorted.
    package var tags: [String]
    /// Full names with digest, sorted.
    package var digests: [String]
    /// Compressed size in bytes as the manifest declares it; never 0.
    package var size: UInt64
    /// Whom its config (`config.User`) names; nil if nobody.
    package var user: ImageUser?
    package var pinned: Bool

    package init(
        id: String, tags: [String], digests: [String], size: UInt64, user: ImageUser? = nil, pinned: Bool = false
    ) {
        self.id = id
        self.tags = tags
        self.digests = digests
        self.size = size
        self.user = user
        self.pinned = pinned
    }
}

extension Image {
    init(_ record: ImageRecord) {
        self.init(
            id: record.id.description, tags: record.references, digests: record.digests,
            size: UInt64(max(record.size, 1)),
            user: record.user, pinned: record.isPinned)
    }
}

extension ImageUser {
    /// Splits `config.User` at ":": a numeric first part is an id, any other a name, an empty one nobody (cri-image-service.md 4).
    init?(configUser text: String) {
        let first = text.prefix { $0 != ":" }
        guard !first.isEmpty else { return nil }
        self = Int64(first).map { .id($0) } ?? .name(String(first))
    }
}
