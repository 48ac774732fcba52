internal import Distribution
internal import OCI
internal import State

/// Manifests and configs that are on this node already and need not be fetched again.
struct HeldDocuments: Sendable {
    let storage: ImageStorage
    /// Has the manifests of images that the runtime pulled by itself; nil if there is no such place.
    var runtime: (any ContentStore)?

    /// Whether what `name` stands for may be held: it names a digest, or was pulled here before. Only then it pays to ask the registry
    /// first which digest it is.
    func mayHold(_ name: Reference) throws -> Bool {
        try name.digest != nil || storage.state.hasPulled(name.description)
    }

    /// The manifest or index with this digest. A runtime that cannot be asked has none.
    func manifest(_ digest: Digest) async throws -> HeldManifest? {
        if let image = try storage.state.images().first(where: { $0.manifestDigest == digest }) {
            return HeldManifest(mediaType: image.mediaType, bytes: image.manifest)
        }
        // What type it is the document says itself.
        return try? await runtime?.document(digest).map { HeldManifest(mediaType: "", bytes: $0) }
    }

    /// The config with this digest, if an image here has it: an image's id is its config's digest.
    func config(_ digest: Digest) throws -> [UInt8]? {
        try storage.state.image(digest)?.config
    }
}
