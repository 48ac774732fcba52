internal import Distribution
package import OCI

/// Turns a name into the manifest and config of this node's platform.
package struct ImageResolver: Sendable {
    private let platform: Platform

    package init(platform: Platform = HostPlatform.current) {
        self.platform = platform
    }

    /// - Throws: what the origin throws, `OCIError` for documents that break the rules.
    package func resolve(_ reference: Reference, at origin: any ImageOrigin) async throws -> Resolution {
        switch try await manifest(reference, at: origin) {
        case .unsupported(let digest, let why): .unsupported(digest: digest, why: why)
        case .manifest(let manifest): .image(try await image(manifest, at: origin))
        }
    }

    /// Follows at most one index to the platform's manifest.
    package func manifest(_ reference: Reference, at origin: any ImageOrigin) async throws -> ManifestResolution {
        let named = try await origin.resolve(reference)
        switch try ManifestDocument.parse(named.bytes, mediaType: named.mediaType) {
        case .manifest(let manifest):
            return resolution(reference, named, manifest)
        case .unsupported(_, let why):
            return .unsupported(digest: named.digest, why: why)
        case .index(let index):
            let chosen = try index.manifest(for: platform)
            let fetched = try await origin.manifest(chosen.digest, in: reference)
            switch try ManifestDocument.parse(fetched.bytes, mediaType: fetched.mediaType) {
            case .manifest(let manifest):
                return resolution(reference, fetched, manifest, from: named)
            case .unsupported(_, let why):
                return .unsupported(digest: fetched.digest, why: why)
            case .index:
                return .unsupported(digest: fetched.digest, why: "its index lists a further index for \(platform)")
            }
        }
    }

    /// Adds the config, and with it the diffIDs, to a manifest.
    package func image(_ source: ResolvedManifest, at origin: any ImageOrigin) async throws -> ResolvedImage {
        let configBytes = try await origin.blob(
            source.manifest.config, in: source.reference, cap: Int64(OCIDocument.maximumSize))
        let config = try ImageConfig(parsing: configBytes)
        let layers = try config.layers(of: source.manifest).map {
            ResolvedImage.Layer(descriptor: $0.layer, diffID: $0.diffID)
        }
        return ResolvedImage(source: source, config: config, configBytes: configBytes, layers: layers)
    }

    private func resolution(
        _ reference: Reference, _ fetched: FetchedManifest, _ manifest: Manifest, from index: FetchedManifest? = nil
    ) -> ManifestResolution {
        .manifest(
            ResolvedManifest(
                reference: reference, digest: fetched.digest, nameDigest: index?.digest ?? fetched.digest,
                manifest: manifest, manifestBytes: fetched.bytes, indexBytes: index?.bytes))
    }
}
