internal import GRPC
internal import OCI

/// containerd's records, one call each.
extension Repair {
    func images() async throws(RPCFailure) -> [ContainerdImage] {
        try await containerd.containerdImages(namespace: namespace, timeout: Self.timeout)
    }

    /// Every name the CRI lists an image by.
    func listedNames() async throws(RPCFailure) -> Set<String> {
        let images = try await containerd.listImages(CRIListImagesRequest(), timeout: Self.timeout).images
        return Set(images.flatMap { [$0.id] + $0.repoTags + $0.repoDigests })
    }

    /// Whether containerd has a record of a snapshot, and we have the snapshot.
    func hasSnapshot(_ chain: Digest) async throws(RPCFailure) -> Bool {
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

    /// Whether containerd has a record of a snapshot, lost or not.
    ///
    /// Asked as an unpack asks, which fails for ever on one that is lost: the first thing containerd looks at is whether it knows the
    /// chain. Where it does not, nothing is made either, since the parent does not exist.
    func isRecorded(_ chain: Digest) async throws(RPCFailure) -> Bool {
        var request = SnapshotsPrepareSnapshotRequest()
        request.snapshotter = snapshotter
        request.key = "imagelet-repair"
        request.parent = "imagelet-repair-asks"
        request.labels = [SnapshotLabels.chain: chain.description]
        do {
            _ = try await containerd.prepareSnapshot(request, namespace: namespace, timeout: Self.timeout)
            return false
        } catch {
            switch error.code {
            case .alreadyExists: return true
            case .notFound: return false
            default: throw error
            }
        }
    }

    /// - Returns: false if others stand on it.
    func removeSnapshot(_ chain: Digest) async throws(RPCFailure) -> Bool {
        var request = SnapshotsRemoveSnapshotRequest()
        request.snapshotter = snapshotter
        request.key = chain.description
        do {
            try await containerd.removeSnapshot(request, namespace: namespace, timeout: Self.timeout)
            return true
        } catch {
            switch error.code {
            case .notFound: return true
            case .failedPrecondition: return false
            default: throw error
            }
        }
    }

    func delete(_ image: String) async throws(RPCFailure) {
        do {
            try await containerd.deleteContainerdImage(image, namespace: namespace, sync: true, timeout: Self.timeout)
        } catch {
            if error.code != .notFound { throw error }
        }
    }

    func announce(_ image: String) async throws(RPCFailure) {
        try await containerd.touchContainerdImage(image, namespace: namespace, timeout: Self.timeout)
    }

    func read(_ digest: Digest) async throws(RPCFailure) -> [UInt8]? {
        try await containerd.readContent(
            digest.description, namespace: namespace, cap: OCIDocument.maximumSize, timeout: Self.timeout)
    }

    func labels(of digest: Digest) async throws(RPCFailure) -> [String: String]? {
        try await containerd.contentLabels(digest.description, namespace: namespace, timeout: Self.timeout)
    }

    /// Of one call; deleting waits for a garbage collection.
    private static let timeout = Duration.seconds(60)
}
