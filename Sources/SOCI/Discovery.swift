internal import Hashing
package import OCI

/// The rules by which an image's SOCI index is found (soci.md 4.2, 4.3), without asking anybody.
package enum Discovery {
    /// The v2 index that an image manifest or its descriptor names, if it names a digest.
    package static func indexDigest(in annotations: [String: String]) -> Digest? {
        annotations[SOCINames.indexDigest].flatMap { try? Digest($0) }
    }

    /// Whether `descriptor`, found among an image's referrers or in an image index, is a SOCI index.
    ///
    /// Who picks an image by platform must skip these: they carry the platform of their image.
    package static func isIndex(_ descriptor: Descriptor) -> Bool {
        descriptor.artifactType == SOCINames.indexV1 || descriptor.artifactType == SOCINames.indexV2
    }

    /// The tag that lists referrers of `manifest` where a registry has no referrers API (OCI distribution-spec, Referrers Tag Schema).
    package static func fallbackTag(for manifest: Digest) -> String {
        let algorithm = manifest.algorithm == .sha256 ? "sha256" : "sha512"
        return "\(algorithm)-\(manifest.hex.prefix(64))"
    }

    /// One of several indexes found for an image.
    package struct Candidate: Sendable {
        package var digest: Digest
        package var manifest: IndexManifest

        package init(digest: Digest, manifest: IndexManifest) {
            self.digest = digest
            self.manifest = manifest
        }
    }

    /// The candidate that has a zTOC for most of the image's layers; among equals the one of lowest digest, so that all nodes agree.
    /// Nil if none covers any layer.
    package static func choose(_ candidates: [Candidate], layers: [Digest]) -> Candidate? {
        let ranked = candidates.map { candidate in
            (candidate, covered: layers.filter { !candidate.manifest.ztocs(for: $0).isEmpty }.count)
        }
        let best = ranked.filter { $0.covered > 0 }.min {
            ($1.covered, $0.0.digest.description) < ($0.covered, $1.0.digest.description)
        }
        return best?.0
    }
}
