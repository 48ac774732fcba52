package import GRPC
package import Images
package import OCI

/// A runtime on containers/storage, CRI-O above all, asked over its own socket.
package struct StorageRuntime: ImageRuntime {
    private let client: RPCClient

    package init(client: RPCClient) {
        self.client = client
    }

    /// What it keeps is layers and images, no blobs.
    package var content: (any ContentStore)? { nil }

    /// By the bare hash, which is how it names its images.
    package func holds(_ imageID: Digest) async throws -> Bool {
        var request = CRIImageStatusRequest()
        request.image.image = imageID.hex
        return try await client.imageStatus(request, timeout: Self.timeout).hasImage
    }

    /// Its graph roots. CRI-O names the directories that hold what it counts, ROOT/DRIVER-images and ROOT/DRIVER-containers.
    /// - Returns: nothing if its driver is not overlay: no other can read our listing.
    package func graphRoots() async throws -> [String] {
        let answer = try await client.imageFsInfo(CRIImageFsInfoRequest(), timeout: Self.timeout)
        let named = (answer.imageFilesystems + answer.containerFilesystems).map(\.fsID.mountpoint)
        var roots: [String] = []
        for path in named where path.hasPrefix("/") {
            guard let name = path.split(separator: "/").last, name.hasPrefix("overlay-") else { continue }
            let root = String(path.dropLast(name.count + 1))
            if !root.isEmpty, !roots.contains(root) { roots.append(root) }
        }
        return roots
    }

    /// All are answered at once; a runtime that hangs must not hang the pull's own part.
    private static let timeout = Duration.seconds(20)
}
