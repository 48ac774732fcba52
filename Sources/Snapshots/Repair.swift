package import GRPC
package import OCI

/// Finds and mends the states containerd cannot leave by itself (specs/containerd.md 3, 9 and 10).
///
/// Speaks to containerd only. Both containerd and our daemon must be up: whether a snapshot is lost, containerd asks its snapshotter.
package struct Repair: Sendable {
    private let containerd: RPCClient
    private let snapshotter: String
    private let namespace: String
    private let platform: Platform

    /// - Parameters:
    ///   - snapshotter: our name under `proxy_plugins`.
    ///   - namespace: whose images; the CRI's are in `k8s.io`.
    ///   - platform: this node's.
    package init(
        containerd: RPCClient, snapshotter: String, namespace: String, platform: Platform
    ) {
        self.containerd = containerd
        self.snapshotter = snapshotter
        self.namespace = namespace
        self.platform = platform
    }

    /// Looks at every image of the namespace; changes nothing.
    package func examine() async throws(RPCFailure) -> [RepairFinding] {
        let listed = try await listedNames()
        var findings: [RepairFinding] = []
        for image in try await containerd.containerdImages(namespace: namespace, timeout: Self.timeout) {
            findings += try await examine(image, isListed: listed.contains(image.name)).map { [$0] } ?? []
        }
        return findings
    }

    /// Makes the image pullable, or listed, again.
    package func mend(_ finding: RepairFinding) async throws(RPCFailure) {
        switch finding.problem {
        case .unlisted:
            try await containerd.touchContainerdImage(finding.image, namespace: namespace, timeout: Self.timeout)
        case .missingContent:
            try await delete(finding.image)
        case .lostSnapshots(let chains):
            // The image first: it would keep the snapshots.
            try await delete(finding.image)
            for chain in chains.reversed() { try await removeSnapshot(chain) }
        }
    }

    private func examine(_ image: ContainerdImage, isListed: Bool) async throws(RPCFailure) -> RepairFinding? {
        switch try await documents(of: image) {
        case .missing(let digest): return RepairFinding(image: image.name, problem: .missingContent(digest))
        case .unreadable: return nil
        case .found(let manifest, let config, let isUnpackedByUs):
            let chains = Digest.chainIDs(of: config.diffIDs)
            if isUnpackedByUs, let top = chains.last, try await !hasSnapshot(top), try await !hasLayers(of: manifest) {
                return RepairFinding(image: image.name, problem: .lostSnapshots(chains))
            }
        }
        return isListed ? nil : RepairFinding(image: image.name, problem: .unlisted)
    }

    private enum Documents {
        /// The last tells whether the image was unpacked in our snapshotter.
        case found(Manifest, ImageConfig, Bool)
        case missing(Digest)
        /// Nothing an image is run from; no business of ours.
        case unreadable
    }

    private func documents(of image: ContainerdImage) async throws(RPCFailure) -> Documents {
        guard var digest = try? Digest(image.target.digest) else { return .unreadable }
        // An index leads to one manifest, and no further.
        for _ in 0..<2 {
            guard let bytes = try await read(digest) else { return .missing(digest) }
            switch try? ManifestDocument.parse(bytes, mediaType: nil) {
            case .manifest(let manifest):
                let digest = manifest.config.digest
                guard let config = try await read(digest), let labels = try await labels(of: digest) else {
                    return .missing(digest)
                }
                guard let parsed = try? ImageConfig(parsing: config) else { return .unreadable }
                return .found(manifest, parsed, labels["containerd.io/gc.ref.snapshot.\(snapshotter)"] != nil)
            case .index(let index):
                guard let chosen = try? index.manifest(for: platform) else { return .unreadable }
                digest = chosen.digest
            case .unsupported, nil: return .unreadable
            }
        }
        return .unreadable
    }

    /// Every name the CRI lists an image by.
    private func listedNames() async throws(RPCFailure) -> Set<String> {
        let images = try await containerd.listImages(CRIListImagesRequest(), timeout: Self.timeout).images
        return Set(images.flatMap { [$0.id] + $0.repoTags + $0.repoDigests })
    }

    private func hasSnapshot(_ chain: Digest) async throws(RPCFailure) -> Bool {
        var request = SnapshotsStatSnapshotRequest()
        request.snapshotter = snapshotter
        request.key = chain.description
        do {
            _ = try await containerd.statSnapshot(request, namespace: namespace, timeout: Self.timeout)
            return true
        } catch {
            if error.code == .notFound { return false }
            throw error
        }
    }

    /// With its layers in the content store containerd unpacks an image anew whenever it needs to.
    private func hasLayers(of manifest: Manifest) async throws(RPCFailure) -> Bool {
        for layer in manifest.layers {
            if try await labels(of: layer.digest) == nil { return false }
        }
        return true
    }

    /// What others stand on, or was never there, stays as it is.
    private func removeSnapshot(_ chain: Digest) async throws(RPCFailure) {
        var request = SnapshotsRemoveSnapshotRequest()
        request.snapshotter = snapshotter
        request.key = chain.description
        do {
            try await containerd.removeSnapshot(request, namespace: namespace, timeout: Self.timeout)
        } catch {
            guard error.code == .notFound || error.code == .failedPrecondition else { throw error }
        }
    }

    private func delete(_ image: String) async throws(RPCFailure) {
        do {
            try await containerd.deleteContainerdImage(image, namespace: namespace, sync: true, timeout: Self.timeout)
        } catch {
            if error.code != .notFound { throw error }
        }
    }

    private func read(_ digest: Digest) async throws(RPCFailure) -> [UInt8]? {
        try await containerd.readContent(
            digest.description, namespace: namespace, cap: OCIDocument.maximumSize, timeout: Self.timeout)
    }

    private func labels(of digest: Digest) async throws(RPCFailure) -> [String: String]? {
        try await containerd.contentLabels(digest.description, namespace: namespace, timeout: Self.timeout)
    }

    /// Of one call; deleting waits for a garbage collection.
    private static let timeout = Duration.seconds(60)
}
