internal import Distribution
internal import Hashing
internal import OCI
internal import State
internal import Synchronization

/// The credentials of pulls, sealed, for the reads that come long after: each image keeps, for each repository it was pulled from, the last
/// few that its registry accepted.
///
/// Several, since pods differ in what they bring: an accepted credential that lives for minutes must not take the place of one that lives
/// for years. They serve reads of layers alone, never the access check of a pull (KEP-2535).
package final class KeptCredentials: Sendable {
    /// How many are kept for an image and a repository; the one accepted longest ago makes room.
    static let limit = 4

    private let state: StateDatabase
    private let key: SealingKey
    /// One change at a time: each reads what is there, and writes it anew.
    private let changing = Mutex(())

    init(state: StateDatabase, key: SealingKey) {
        self.state = state
        self.key = key
    }

    /// Keeps credentials that have just been good for all of a pull; in front of those kept before. Nothing happens if they say nothing to
    /// that registry, or the image has been removed.
    /// - Throws: `StateError`.
    func keep(_ credentials: RequestCredentials, of image: ResolvedImage) throws {
        guard (try? credentials.credential(for: image.reference.host)) ?? nil != nil else { return }
        let repository = image.reference.repositoryName
        try changing.withLock { _ in
            let record = try state.credential(image: image.imageID, repository: repository)
            let before = record.flatMap(open) ?? []
            guard before.first != credentials else { return }
            let kept = [credentials] + before.filter { $0 != credentials }.prefix(Self.limit - 1)
            var sealed = CredentialRecord(
                image: image.imageID, repository: repository, chain: image.chainIDs.last, sealed: [])
            sealed.sealed = key.seal(try OCIDocument.encode(kept), context: context(of: sealed))
            try state.keep(sealed)
        }
    }

    /// Where a layer may be read, and as whom: its repositories, the one that last offered it first. Credentials that were kept for one
    /// repository go to no other.
    /// - Throws: `StateError`.
    func places(of layer: Digest) throws -> [LayerPlace] {
        let records = try state.credentials(for: layer)
        var repositories = try state.repositories(of: layer)
        for record in records where !repositories.contains(record.repository) { repositories.append(record.repository) }
        return repositories.map { repository in
            var credentials: [RequestCredentials] = []
            for record in records where record.repository == repository {
                for one in open(record) ?? [] where !credentials.contains(one) { credentials.append(one) }
            }
            return LayerPlace(repository: repository, credentials: credentials)
        }
    }

    /// Drops what this key does not open: the key was lost, or replaced.
    /// - Returns: how many records that were.
    /// - Throws: `StateError`.
    func dropUnreadable() throws -> Int {
        let unreadable = try state.credentials().filter { open($0) == nil }
        for record in unreadable { try state.forgetCredential(image: record.image, repository: record.repository) }
        return unreadable.count
    }

    private func open(_ record: CredentialRecord) -> [RequestCredentials]? {
        guard let text = key.open(record.sealed, context: context(of: record)) else { return nil }
        return try? OCIDocument.decode(
            [RequestCredentials].self, from: text, what: "kept credentials", error: .invalidConfig)
    }

    /// Ties a seal to its place: a record moved under another name opens nothing.
    private func context(of record: CredentialRecord) -> [UInt8] {
        Array("imagelet credentials 1\n\(record.image)\n\(record.repository)".utf8)
    }
}

/// A repository that may have a layer, and the credentials it accepted, most recently accepted first; none: the node's own.
struct LayerPlace: Hashable, Sendable {
    /// `host/name`, normalised.
    var repository: String
    var credentials: [RequestCredentials]
}
