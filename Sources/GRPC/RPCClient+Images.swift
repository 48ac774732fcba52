internal import GRPCCore

/// `runtime.v1.ImageService`, of imagelet or of any container runtime.
extension RPCClient {
    package func listImages(
        _ request: CRIListImagesRequest, timeout: Duration? = nil
    ) async throws(RPCFailure) -> CRIListImagesResponse {
        try await calling { try await images.listImages(request, options: RPCLimits.options(timeout: timeout)) }
    }

    /// - Parameter receive: called with each message, in order.
    package func streamImages(
        _ request: CRIStreamImagesRequest, timeout: Duration? = nil,
        receive: @escaping @Sendable (CRIStreamImagesResponse) async throws -> Void
    ) async throws(RPCFailure) {
        try await calling {
            try await images.streamImages(request, options: RPCLimits.options(timeout: timeout)) { response in
                for try await message in response.messages { try await receive(message) }
            }
        }
    }

    package func imageStatus(
        _ request: CRIImageStatusRequest, timeout: Duration? = nil
    ) async throws(RPCFailure) -> CRIImageStatusResponse {
        try await calling { try await images.imageStatus(request, options: RPCLimits.options(timeout: timeout)) }
    }

    package func pullImage(
        _ request: CRIPullImageRequest, timeout: Duration? = nil
    ) async throws(RPCFailure) -> CRIPullImageResponse {
        try await calling { try await images.pullImage(request, options: RPCLimits.options(timeout: timeout)) }
    }

    package func removeImage(
        _ request: CRIRemoveImageRequest, timeout: Duration? = nil
    ) async throws(RPCFailure) -> CRIRemoveImageResponse {
        try await calling { try await images.removeImage(request, options: RPCLimits.options(timeout: timeout)) }
    }

    package func imageFsInfo(
        _ request: CRIImageFsInfoRequest, timeout: Duration? = nil
    ) async throws(RPCFailure) -> CRIImageFsInfoResponse {
        try await calling { try await images.imageFsInfo(request, options: RPCLimits.options(timeout: timeout)) }
    }

    private var images: some CRIImageService.ClientProtocol { CRIImageService.Client(wrapping: client) }
}
