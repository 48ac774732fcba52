/// The CRI image service, `runtime.v1.ImageService`, without its transport.
///
/// Each call runs in a task that is cancelled when the client goes away or its deadline passes. Failures are thrown as
/// ``RPCFailure``; any other error reaches the client as INTERNAL. Messages keep fields they don't know.
package protocol ImageService: Sendable {
    func listImages(_ request: CRIListImagesRequest) async throws -> CRIListImagesResponse
    /// - Parameter send: sends one message; returns when there is room for the next.
    func streamImages(
        _ request: CRIStreamImagesRequest, send: @Sendable (CRIStreamImagesResponse) async throws -> Void
    ) async throws
    func imageStatus(_ request: CRIImageStatusRequest) async throws -> CRIImageStatusResponse
    func pullImage(_ request: CRIPullImageRequest) async throws -> CRIPullImageResponse
    func removeImage(_ request: CRIRemoveImageRequest) async throws -> CRIRemoveImageResponse
    func imageFsInfo(_ request: CRIImageFsInfoRequest) async throws -> CRIImageFsInfoResponse
}
