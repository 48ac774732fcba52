package import OCI

/// Credentials that a registry accepted for an image, sealed by whoever keeps them here.
package struct CredentialRecord: Sendable, Equatable {
    package var image: Digest
    /// Where they were accepted, normalised, without tag: `docker.io/library/python`.
    package var repository: String
    /// The chain ID of the image's top layer: containers made of the image stand on a snapshot with it. Nil for an image without layers.
    package var chain: Digest?
    package var sealed: [UInt8]

    package init(image: Digest, repository: String, chain: Digest?, sealed: [UInt8]) {
        self.image = image
        self.repository = repository
        self.chain = chain
        self.sealed = sealed
    }
}
