package import OCI
internal import State

/// How layers of ours get to the runtime behind us: it asks for snapshots, or reads a listing.
package protocol LayerExchange: Sendable {
    /// Whether pods with a user namespace of their own can be given our layers.
    var servesUserNamespaces: Bool { get }
    /// Why the runtime cannot take the layers of this image, a sentence without a full stop; nil if it can.
    func obstacle(to manifest: ResolvedManifest) async throws -> String?
    /// Makes the image's layers, all of which can be read, known to the runtime. Called before it pulls; may wait for pulls of its own.
    /// - Throws: if they must not be, or cannot be, known now. Then the runtime fetches.
    func offer(_ image: ResolvedImage) async throws
    /// Whether the runtime, having pulled, stands on what it was offered.
    func isTaken(_ image: ResolvedImage) async throws -> Bool
    /// Runs a pull that the runtime makes by itself, with respect to offers of the same layers.
    /// - Parameter layers: of the image's manifest; nil if nobody knows.
    func passing<Answer: Sendable>(
        _ layers: Set<Digest>?, _ pull: @Sendable () async throws -> Answer
    ) async throws -> Answer
}

/// Offers by chain ID, which the snapshots service keeps when containerd asks (`Snapshots`).
package struct SnapshotExchange: LayerExchange {
    /// Without, containerd copies all files of an image for such a pod, which would fetch all of it through reads.
    package let servesUserNamespaces: Bool
    private let storage: ImageStorage
    private let knowsUs: @Sendable () async throws -> Bool

    /// - Parameters:
    ///   - mapsIDs: whether containerd mounts our layers with a user namespace's ids.
    ///   - knowsUs: asks the runtime whether it has our snapshotter.
    package init(storage: ImageStorage, mapsIDs: Bool, knowsUs: @escaping @Sendable () async throws -> Bool) {
        self.storage = storage
        servesUserNamespaces = mapsIDs
        self.knowsUs = knowsUs
    }

    package func obstacle(to manifest: ResolvedManifest) async throws -> String? {
        try await knowsUs() ? nil : "the runtime does not take layers from this store"
    }

    package func offer(_ image: ResolvedImage) async throws {
        try storage.state.offer(zip(image.chainIDs, image.layers).map { (chain: $0, layer: $1.descriptor.digest) })
    }

    package func isTaken(_ image: ResolvedImage) async throws -> Bool {
        try image.chainIDs.last.map { try storage.state.isAdopted(chain: $0) } ?? false
    }

    /// containerd asks about each layer in its turn, however many pulls there are.
    package func passing<Answer: Sendable>(
        _ layers: Set<Digest>?, _ pull: @Sendable () async throws -> Answer
    ) async throws -> Answer {
        try await pull()
    }
}
