package import GRPC
package import OCI

/// Finds and mends the states containerd cannot leave by itself (specs/containerd.md 3, 9 and 10).
///
/// Speaks to containerd only. Both containerd and our daemon must be up: whether a snapshot is lost, containerd asks its snapshotter.
package struct Repair: Sendable {
    let containerd: RPCClient
    let snapshotter: String
    let namespace: String
    private let platform: Platform
    private let isOfTheCRI: Bool

    /// - Parameters:
    ///   - snapshotter: our name under `proxy_plugins`.
    ///   - namespace: whose images.
    ///   - isOfTheCRI: whether the CRI lists the images of that namespace.
    ///   - platform: this node's.
    package init(
        containerd: RPCClient, snapshotter: String, namespace: String, isOfTheCRI: Bool, platform: Platform
    ) {
        self.containerd = containerd
        self.snapshotter = snapshotter
        self.namespace = namespace
        self.isOfTheCRI = isOfTheCRI
        self.platform = platform
    }

    /// Looks at every image of the namespace; changes nothing.
    package func examine() async throws(RPCFailure) -> [RepairFinding] {
        let listed = isOfTheCRI ? try await listedNames() : nil
        var findings: [RepairFinding] = []
        for image in try await images() {
            for problem in try await problems(of: image, isListed: listed?.contains(image.name) ?? true) {
                findings.append(RepairFinding(image: image.name, problem: problem))
            }
        }
        return findings
    }

    /// Makes the images usable, or listed, again.
    ///
    /// A record of an image with snapshots in use stays as it is, so that the next look finds the same.
    /// - Returns: the lost snapshots that could not be removed.
    package func mend(_ findings: [RepairFinding]) async throws(RPCFailure) -> [HeldSnapshot] {
        let held = try await removeSnapshots(findings.map(\.lostSnapshots))
        let remaining = findings.filter { !held.isDisjoint(with: $0.lostSnapshots) }
        for finding in findings {
            switch finding.problem {
            case .lostSnapshots: break
            case .missingContent:
                if !remaining.contains(where: { $0.image == finding.image }) { try await delete(finding.image) }
            case .unlisted: try await announce(finding.image)
            }
        }
        // Each in the way of those below it.
        var top = held
        for stack in remaining.map(\.lostSnapshots) {
            for (below, above) in zip(stack, stack.dropFirst()) where held.contains(above) { top.remove(below) }
        }
        var named: [HeldSnapshot] = []
        for finding in remaining {
            for chain in finding.lostSnapshots where top.remove(chain) != nil {
                named.append(HeldSnapshot(chain: chain, image: finding.image))
            }
        }
        return named
    }

    /// Top down, whatever image they are of: a snapshot goes only after all that stand on it.
    /// - Parameter stacks: chain IDs, each stack from its lowest on.
    /// - Returns: those that something else stands on.
    private func removeSnapshots(_ stacks: [[Digest]]) async throws(RPCFailure) -> Set<Digest> {
        var held: Set<Digest> = []
        for level in (0..<(stacks.map(\.count).max() ?? 0)).reversed() {
            for chain in Set(stacks.filter { $0.count > level }.map { $0[level] }) {
                if try await !removeSnapshot(chain) { held.insert(chain) }
            }
        }
        return held
    }

    private func problems(
        of image: ContainerdImage, isListed: Bool
    ) async throws(RPCFailure) -> [RepairFinding.Problem] {
        let unlisted: [RepairFinding.Problem] = isListed ? [] : [.unlisted]
        switch try await documents(of: image) {
        case .missing(let digest): return [.missingContent(digest)]
        case .unreadable: return []
        case .found(let manifest, let config, let isUnpackedByUs):
            let chains = Digest.chainIDs(of: config.diffIDs)
            guard isUnpackedByUs, let top = chains.last, try await !hasSnapshot(top) else { return unlisted }
            let lost = try await lostSnapshots(of: chains)
            // With its layers in the content store containerd unpacks an image anew whenever it needs to.
            let missing = try await missingLayer(of: manifest).map { [.missingContent($0)] } ?? unlisted
            return (lost.isEmpty ? [] : [.lostSnapshots(lost)]) + missing
        }
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

    /// Those that containerd counts on, and we do not have.
    private func lostSnapshots(of chains: [Digest]) async throws(RPCFailure) -> [Digest] {
        var lost: [Digest] = []
        for chain in chains {
            if try await !hasSnapshot(chain), try await isRecorded(chain) { lost.append(chain) }
        }
        return lost
    }

    private func missingLayer(of manifest: Manifest) async throws(RPCFailure) -> Digest? {
        for layer in manifest.layers {
            if try await labels(of: layer.digest) == nil { return layer.digest }
        }
        return nil
    }
}
