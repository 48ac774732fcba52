internal import Distribution
package import OCI

/// Turns a name into the manifest and config of this node's platform.
package struct ImageResolver: Sendable {
    private let platform: Platform

    package init(platform: Platform = HostPlatform.current) {
        self.platform = platform
    }

    /// Follows at most one index to the platform's manifest.
    /// - Throws: what the origin throws, `OCIError` for documents that break the rules.
    package func resolve(_ reference: Reference, at origin: any ImageOrigin) async throws -> Resolution {
        let named = try await origin.resolve(reference)
        switch try ManifestDocument.parse(named.bytes, mediaType: named.mediaType) {
        case .manifest(let manifest):
            return try await image(reference, named, named.digest, manifest, origin)
        case .unsupported(_, let why):
            return .unsupported(digest: named.digest, why: why)
        case .index(let index):
            let chosen = try index.manifest(for: platform)
            let fetched = try await origin.manifest(chosen.digest, in: reference)
            switch try ManifestDocument.parse(fetched.bytes, mediaType: fetched.mediaType) {
            case .manifest(let manifest):
                return try await image(reference, fetched, named.digest, manifest, origin)
            case .unsupported(_, let why):
                return .unsupported(digest: fetched.digest, why: why)
            case .index:
                return .unsupported(digest: fetched.digest, why: "its index lists a further index for \(platform)")
            }
        }
    }

    private func image(
        _ reference: Reference, _ fetched: FetchedManifest, _ nameDigest: Digest, _ manifest: Manifest,
        _ origin: any ImageOrigin
    ) async throws -> Resolution {
        let configBytes = try await origin.blob(manifest.config, in: reference, cap: Int64(OCIDocument.maximumSize))
        let config = try ImageConfig(parsing: configBytes)
        let layers = try config.layers(of: manifest).map {
            ResolvedImage.Layer(descriptor: $0.layer, diffID: $0.diffID)
        }
        return .image(
            ResolvedImage(
                reference: reference, digest: fetched.digest, nameDigest: nameDigest, manifest: manifest,
                manifestBytes: fetched.bytes, config: config, configBytes: configBytes, layers: layers))
    }
}
