package import Distribution
package import OCI
internal import SOCI

/// Brings an index that was built here to its image's repository, so that nodes find it among the image's referrers.
package struct IndexPusher: Sendable {
    private let registry: RegistryClient
    private let credentials: RequestCredentials?

    package init(_ registry: RegistryClient, credentials: RequestCredentials?) {
        self.registry = registry
        self.credentials = credentials
    }

    /// Pushes the index that `layout` holds for the image manifest `reference` stands for now.
    /// - Returns: digest of the index.
    /// - Throws: `ImageError`, also if the image has changed since the index was built.
    package func push(_ reference: Reference, from layout: IndexLayout) async throws -> Digest {
        do {
            let origin = RegistryOrigin(registry, credentials: credentials)
            let image = try await ImageResolver().image(reference, at: origin)
            let listed = try layout.indexes()
            guard
                let descriptor = listed.first(where: {
                    $0.annotations[IndexLayout.subjectAnnotation] == image.digest.description
                })
            else {
                throw ImageError(
                    .notFound,
                    """
                    \(layout.path) holds no index for \(reference) (\(image.digest)); build one: \
                    imagelet index build \(reference) --output \(layout.path)
                    """)
            }
            let bytes = try layout.read(descriptor.digest)
            let index = try IndexManifest(parsing: bytes)
            var pushed: Set<Digest> = []
            for table in index.layers where pushed.insert(table.digest).inserted {
                try await push(table, try layout.read(table.digest), reference)
            }
            let config = Descriptor(
                mediaType: index.version.configMediaType, digest: Digest(of: SOCINames.emptyConfig),
                size: Int64(SOCINames.emptyConfig.count))
            try await push(config, SOCINames.emptyConfig, reference)
            try await registry.pushManifest(
                reference.withDigest(descriptor.digest), bytes: bytes, mediaType: .ociManifest, credentials: credentials
            )
            return descriptor.digest
        } catch let error where !(error is CancellationError) {
            throw ImageError(describing: error)
        }
    }

    private func push(_ descriptor: Descriptor, _ bytes: [UInt8], _ reference: Reference) async throws {
        try await registry.pushBlob(reference, descriptor, content: BytesSource(bytes), credentials: credentials)
    }
}
