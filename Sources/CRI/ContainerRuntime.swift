package import GRPC
package import Images
package import OCI

/// containerd as a pull sees it, asked over its own socket.
package struct ContainerRuntime: ImageRuntime, ContentStore {
    /// The name we are configured by, under `proxy_plugins`.
    package static let snapshotter = "imagelet"

    /// Where the CRI keeps its images in containerd.
    package static let namespace = "k8s.io"

    private let client: RPCClient

    package init(client: RPCClient) {
        self.client = client
    }

    package var content: (any ContentStore)? { self }

    /// Whether it knows our snapshotter, so that layers we prepared reach it.
    ///
    /// containerd lists a proxy snapshotter from its configuration on, whether or not the kubelet's images use it.
    package func takesLayers() async throws -> Bool {
        var request = ContainerdPluginsRequest()
        request.filters = ["type==io.containerd.snapshotter.v1,id==\(Self.snapshotter)"]
        let plugins = try await client.plugins(request, timeout: Self.timeout).plugins
        return plugins.contains { $0.id == Self.snapshotter && !$0.hasInitErr }
    }

    package func holds(_ imageID: Digest) async throws -> Bool {
        var request = CRIImageStatusRequest()
        request.image.image = imageID.description
        return try await client.imageStatus(request, timeout: Self.timeout).hasImage
    }

    package func document(_ digest: Digest) async throws -> [UInt8]? {
        try await client.readContent(
            digest.description, namespace: Self.namespace, cap: OCIDocument.maximumSize, timeout: Self.timeout)
    }

    package func has(_ digest: Digest) async throws -> Bool {
        try await client.contentLabels(
            digest.description, namespace: Self.namespace, timeout: Self.timeout) != nil
    }

    package func take(_ content: [UInt8], digest: Digest) async throws {
        try await client.writeContent(
            content, digest: digest.description, namespace: Self.namespace, timeout: Self.timeout)
    }

    /// All are answered at once; a runtime that hangs must not hang the pull's own part.
    private static let timeout = Duration.seconds(20)
}
