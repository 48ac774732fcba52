package import OCI

/// The exact bytes of a manifest, checked against their digest.
package struct FetchedManifest: Sendable, Equatable {
    package var digest: Digest
    /// As the registry said it, or as the body does where the registry did not.
    package var mediaType: String
    package var bytes: [UInt8]
    /// `host[:port]` it came from; the registry's name if it was held already.
    package var host: String

    package init(digest: Digest, mediaType: String, bytes: [UInt8], host: String) {
        self.digest = digest
        self.mediaType = mediaType
        self.bytes = bytes
        self.host = host
    }

    /// What the bytes say.
    package func document() throws(OCIError) -> ManifestDocument {
        try ManifestDocument.parse(bytes, mediaType: mediaType)
    }
}

/// A manifest one has already, by digest.
package struct HeldManifest: Sendable {
    package var mediaType: String
    package var bytes: [UInt8]

    package init(mediaType: String, bytes: [UInt8]) {
        self.mediaType = mediaType
        self.bytes = bytes
    }
}
