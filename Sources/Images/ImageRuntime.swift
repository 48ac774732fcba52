package import OCI

/// The container runtime behind us, as far as a pull depends on it.
package protocol ImageRuntime: Sendable {
    /// Whether it knows our snapshotter, so that layers we prepared reach it.
    func takesLayers() async throws -> Bool
    /// Whether it has the image, unpacked by whomever.
    func holds(_ imageID: Digest) async throws -> Bool
    /// A manifest or index it has; nil if it has not. What it says need not be true to the digest.
    func document(_ digest: Digest) async throws -> [UInt8]?
    /// Gives it a manifest or index we have fetched, so that its own pull need not. It may refuse.
    func take(_ document: [UInt8], digest: Digest) async throws
    /// Gives it a blob that it has not got. A pull of its own that needs the blob meanwhile waits for it.
    /// - Parameters:
    ///   - patience: after which the runtime is let go on without.
    ///   - fetch: not called if the runtime has the blob, or is fetching it.
    func take(
        _ kind: BlobKind, _ blob: Descriptor, within patience: Duration,
        fetchedBy fetch: @escaping @Sendable () async throws -> [UInt8]
    ) async throws
}

/// What a blob is to an image.
package enum BlobKind: String, Sendable {
    case config, layer
}
