internal import GRPCCore

/// containerd's own services, as far as they are asked.
extension RPCClient {
    /// `containerd.services.introspection.v1.Introspection`: which plugins there are.
    package func plugins(
        _ request: ContainerdPluginsRequest, timeout: Duration? = nil
    ) async throws(RPCFailure) -> ContainerdPluginsResponse {
        try await calling {
            try await ContainerdIntrospection.Client(wrapping: client).plugins(
                request, options: RPCLimits.options(timeout: timeout))
        }
    }

    /// `containerd.services.images.v1.Images`
    /// - Parameter namespace: containerd's, `k8s.io` for the images of the CRI.
    package func containerdImages(
        namespace: String, timeout: Duration? = nil
    ) async throws(RPCFailure) -> [ContainerdImage] {
        try await calling {
            try await ContainerdImages.Client(wrapping: client).list(
                ContainerdListImagesRequest(), metadata: RPCLimits.metadata(namespace: namespace),
                options: RPCLimits.options(timeout: timeout)
            ).images
        }
    }

    /// Has everybody who listens told that this image changed, which it did not.
    package func touchContainerdImage(
        _ name: String, namespace: String, timeout: Duration? = nil
    ) async throws(RPCFailure) {
        try await calling {
            var request = ContainerdUpdateImageRequest()
            request.image.name = name
            // A label that is not there is taken away: nothing changes but the time of the last change.
            request.updateMask.paths = ["labels.imagelet.dev/repaired"]
            _ = try await ContainerdImages.Client(wrapping: client).update(
                request, metadata: RPCLimits.metadata(namespace: namespace),
                options: RPCLimits.options(timeout: timeout))
        }
    }

    /// Deletes one record by name; garbage is collected before it returns if `sync`.
    package func deleteContainerdImage(
        _ name: String, namespace: String, sync: Bool, timeout: Duration? = nil
    ) async throws(RPCFailure) {
        try await calling {
            var request = ContainerdDeleteImageRequest()
            request.name = name
            request.sync = sync
            _ = try await ContainerdImages.Client(wrapping: client).delete(
                request, metadata: RPCLimits.metadata(namespace: namespace),
                options: RPCLimits.options(timeout: timeout))
        }
    }
}

extension RPCLimits {
    /// Whose records a call to containerd is about (specs/containerd.md 11).
    static func metadata(namespace: String?) -> Metadata {
        namespace.map { ["containerd-namespace": .string($0)] } ?? [:]
    }
}
