internal import Layers
internal import OCI
package import Policy
package import State

/// The images of this node: found, described, removed. Never touches the network.
package final class ImageCatalog: Sendable {
    let storage: ImageStorage
    /// The directory everything is kept in: what ImageFsInfo names, since it must lie on a real file system.
    let directory: String
    /// Names in it that are not to be looked into: counted by others, or mount points.
    let elsewhere: Set<String>

    package init(storage: ImageStorage, directory: String, elsewhere: Set<String> = []) {
        self.storage = storage
        self.directory = directory
        self.elsewhere = elsewhere
    }

    /// All images, or those `name` (a reference or an id) stands for; empty if it stands for none.
    package func images(matching name: String? = nil) throws -> [Image] {
        try records(matching: name).map { Image($0) }
    }

    /// The image a reference, an id or an unambiguous prefix of one stands for. What cannot be a name stands for none.
    package func image(_ name: String) throws -> Image? {
        try record(name).map { Image($0) }
    }

    package func records(matching name: String? = nil) throws -> [ImageRecord] {
        guard let name, !name.isEmpty else { return try storage.state.images().filter(isUsable) }
        return try record(name).map { [$0] } ?? []
    }

    package func record(_ name: String) throws -> ImageRecord? {
        guard let record = try find(name), isUsable(record) else { return nil }
        return record
    }

    /// Removes the image that `name` stands for, with all its names; nothing happens if there is none.
    package func remove(_ name: String) async throws {
        guard let record = try find(name) else { return }
        try await storage.custody.remove(image: record.id)
    }

    /// Forgets what the runtime has removed: the image's record, and how pulls under its names went. Layers that the runtime still has
    /// snapshots of stay.
    package func forget(_ name: String) async throws {
        let id = try find(name)?.id ?? storage.state.pullNotes().first { $0.isCalled(name) }?.imageID
        if let id {
            try storage.state.forgetPulls(of: id)
            try await storage.custody.remove(image: id)
        }
        try forgetPull(name)
    }

    /// Forgets how the last pull under this name went.
    package func forgetPull(_ name: String) throws {
        guard let reference = try? Reference(name).withDefaultTag else { return }
        try storage.state.forgetPull(reference.description)
    }

    /// How pulls went that left no record of an image: all, or those of the image that `name` (a reference or an id) stands for.
    package func notes(matching name: String = "") throws -> [PullNote] {
        let notes = try storage.state.pullNotes()
        if name.isEmpty { return notes }
        let reference = (try? Reference(name).withDefaultTag)?.description
        return notes.filter { $0.name == reference || $0.isCalled(name) }
    }

    /// The layers of an image, lowest first, each digest once, as far as they are here.
    package func layers(of record: ImageRecord) -> [LayerStatus] {
        var seen: Set<Digest> = []
        return record.layers.filter { seen.insert($0).inserted }.compactMap { storage.status(of: $0) }
    }

    /// Why content of the image that is not here cannot be fetched: every credential known was refused, and none could be renewed. Nil if
    /// that is not so, as far as is known.
    package func refusal(of record: ImageRecord) -> String? {
        record.layers.lazy.filter { [storage] in storage.store.progress(of: $0)?.state != .complete }
            .compactMap { [storage] in storage.refusals.message(of: $0) }.first
    }

    package func reasons(of record: ImageRecord) -> [Reason] { Self.reasons(record.reasons) }

    package func reasons(of note: PullNote) -> [Reason] { Self.reasons(note.reasons) }

    private static func reasons(_ text: String) -> [Reason] {
        (try? OCIDocument.decode([Reason].self, from: Array(text.utf8), what: "reasons", error: .invalidConfig)) ?? []
    }

    private func find(_ name: String) throws -> ImageRecord? {
        if let reference = try? Reference(name).withDefaultTag {
            if let digest = reference.digest {
                return try storage.state.image(named: reference.withDigest(digest).description)
            }
            if let found = try storage.state.image(named: reference.description) { return found }
        }
        let matches = try storage.state.images(idPrefix: name)
        return matches.count == 1 ? matches.first : nil
    }

    /// An image whose layers are not all readable (lost files, a poisoned layer) counts as absent, so that the next pull mends it.
    private func isUsable(_ record: ImageRecord) -> Bool {
        record.layers.allSatisfy { storage.store.layer($0)?.isReadable ?? false }
    }
}

/// What images take on the disk.
package struct StoreUsage: Sendable, Equatable {
    package var mountpoint: String
    package var bytes: Int64
    package var inodes: Int64

    package init(mountpoint: String, bytes: Int64, inodes: Int64) {
        self.mountpoint = mountpoint
        self.bytes = bytes
        self.inodes = inodes
    }
}

extension PullNote {
    /// Whether `name` is the id of the image that was pulled, or the beginning of one.
    fileprivate func isCalled(_ name: String) -> Bool {
        guard let id = imageID?.description, !name.isEmpty else { return false }
        return id.hasPrefix(name) || id.dropFirst("sha256:".count).hasPrefix(name)
    }
}
