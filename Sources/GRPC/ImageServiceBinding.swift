internal import GRPCCore

/// An ``ImageService`` as the generated code wants it.
struct ImageServiceBinding: CRIImageService.SimpleServiceProtocol {
    let service: any ImageService

    func listImages(request: CRIListImagesRequest, context: ServerContext) async throws -> CRIListImagesResponse {
        try await answering(context) { try await service.listImages(request) }
    }

    func streamImages(
        request: CRIStreamImagesRequest, response: RPCWriter<CRIStreamImagesResponse>, context: ServerContext
    ) async throws {
        try await answering(context) { try await service.streamImages(request) { try await response.write($0) } }
    }

    func imageStatus(request: CRIImageStatusRequest, context: ServerContext) async throws -> CRIImageStatusResponse {
        try await answering(context) { try await service.imageStatus(request) }
    }

    func pullImage(request: CRIPullImageRequest, context: ServerContext) async throws -> CRIPullImageResponse {
        try await answering(context) { try await service.pullImage(request) }
    }

    func removeImage(request: CRIRemoveImageRequest, context: ServerContext) async throws -> CRIRemoveImageResponse {
        try await answering(context) { try await service.removeImage(request) }
    }

    func imageFsInfo(request: CRIImageFsInfoRequest, context: ServerContext) async throws -> CRIImageFsInfoResponse {
        try await answering(context) { try await service.imageFsInfo(request) }
    }
}
