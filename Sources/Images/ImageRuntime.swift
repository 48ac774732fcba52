package import OCI

/// The container runtime behind us, as far as a pull depends on it.
package protocol ImageRuntime: Sendable {
    /// Whether it has the image, unpacked by whomever.
    func holds(_ imageID: Digest) async throws -> Bool
    /// Its store of documents and blobs; nil if it has none to be shared.
    var content: (any ContentStore)? { get }
}

/// Documents and blobs of a runtime that keeps them by digest.
package protocol ContentStore: Sendable {
    /// A manifest or index it has; nil if it has not. What it says need not be true to the digest.
    func document(_ digest: Digest) async throws -> [UInt8]?
    /// Whether it has the blob with this digest.
    func has(_ digest: Digest) async throws -> Bool
    /// Gives it a document or small blob that we have fetched, so that its own pull need not. It may refuse.
    func take(_ content: [UInt8], digest: Digest) async throws
}
