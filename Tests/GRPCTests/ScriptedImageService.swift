import GRPC

/// An image service that does what a test tells it.
struct ScriptedImageService: ImageService {
    var list: @Sendable (CRIListImagesRequest) async throws -> CRIListImagesResponse = { _ in CRIListImagesResponse() }
    var stream: [CRIStreamImagesResponse] = []
    var status: @Sendable (CRIImageStatusRequest) async throws -> CRIImageStatusResponse = { _ in
        CRIImageStatusResponse()
    }
    var pull: @Sendable (CRIPullImageRequest) async throws -> CRIPullImageResponse = { _ in CRIPullImageResponse() }

    func listImages(_ request: CRIListImagesRequest) async throws -> CRIListImagesResponse { try await list(request) }

    func streamImages(
        _ request: CRIStreamImagesRequest, send: @Sendable (CRIStreamImagesResponse) async throws -> Void
    ) async throws {
        for message in stream { try await send(message) }
    }

    func imageStatus(_ request: CRIImageStatusRequest) async throws -> CRIImageStatusResponse {
        try await status(request)
    }

    func pullImage(_ request: CRIPullImageRequest) async throws -> CRIPullImageResponse { try await pull(request) }

    func removeImage(_ request: CRIRemoveImageRequest) async throws -> CRIRemoveImageResponse {
        CRIRemoveImageResponse()
    }

    func imageFsInfo(_ request: CRIImageFsInfoRequest) async throws -> CRIImageFsInfoResponse {
        CRIImageFsInfoResponse()
    }
}
