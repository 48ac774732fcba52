package import OCI

/// The container runtime behind us, as far as a pull depends on it.
package protocol ImageRuntime: Sendable {
    /// Whether it knows our snapshotter, so that layers we prepared reach it.
    func takesLayers() async throws -> Bool
    /// Whether it has the image, unpacked by whomever.
    func holds(_ imageID: Digest) async throws -> Bool
    /// Gives it a manifest or index we have fetched, so that its own pull need not. It may refuse.
    func take(_ document: [UInt8], digest: Digest) async throws
}
