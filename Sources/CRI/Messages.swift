package import Distribution
package import GRPC
internal import History
package import Images
internal import State

// Our values and the messages of the wire, one way each.

extension CRIImage {
    package init(_ image: Image) {
        self.init()
        id = image.id
        repoTags = image.tags
        repoDigests = image.digests
        // Clients take 0 for "not set" and refuse the image.
        size = max(image.size, 1)
        switch image.user {
        case .id(let number): uid.value = number
        case .name(let name): username = name
        case nil: break
        }
        pinned = image.pinned
    }
}

extension PullRequest {
    /// - Throws: ``RPCFailure`` (`invalidArgument`) if no image is named.
    package init(_ request: CRIPullImageRequest) throws(RPCFailure) {
        guard !request.image.image.isEmpty else {
            throw RPCFailure(.invalidArgument, "PullImage names no image")
        }
        // Both hold the pod's annotations when the kubelet asks; crictl's --annotation sets the image's.
        let annotations = request.sandboxConfig.annotations.merging(request.image.annotations) { $1 }
        let handler = request.image.runtimeHandler
        self.init(
            image: request.image.image, credentials: request.hasAuth ? RequestCredentials(request.auth) : nil,
            annotations: annotations,
            runtimeHandler: handler.isEmpty ? annotations[Self.handlerAnnotation] ?? "" : handler,
            hasUserNamespace: request.sandboxConfig.hasUserNamespace, pod: Pod(request.sandboxConfig.metadata))
    }

    /// What containerd reads where the kubelet does not fill in the field (specs/containerd.md 9).
    private static let handlerAnnotation = "io.containerd.cri.runtime-handler"
}

extension CRIPodSandboxConfig {
    /// Mode POD of an absent message is the default that means nothing.
    fileprivate var hasUserNamespace: Bool {
        let options = linux.securityContext.namespaceOptions
        return options.hasUsernsOptions && options.usernsOptions.mode == .pod
    }
}

extension Pod {
    fileprivate init?(_ metadata: CRIPodSandboxMetadata) {
        self.init(uid: metadata.uid, name: metadata.name, namespace: metadata.namespace)
    }
}

extension RequestCredentials {
    package init(_ auth: CRIAuthConfig) {
        self.init(
            username: auth.username, password: auth.password, auth: auth.auth, serverAddress: auth.serverAddress,
            identityToken: auth.identityToken, registryToken: auth.registryToken)
    }
}

extension CRIFilesystemUsage {
    /// - Parameter timestamp: Unix time in nanoseconds.
    package init(_ usage: StoreUsage, timestamp: Int64) {
        self.init()
        self.timestamp = timestamp
        fsID.mountpoint = usage.mountpoint
        usedBytes.value = UInt64(clamping: usage.bytes)
        inodesUsed.value = UInt64(clamping: usage.inodes)
    }
}
