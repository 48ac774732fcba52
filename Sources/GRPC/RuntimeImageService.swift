/// The calls of `runtime.v1.ImageService` that are not passed on to the runtime untouched: imagelet has a part in them.
///
/// Cancellation and failures as in ``ImageService``.
package protocol RuntimeImageService: Sendable {
    func pullImage(_ request: CRIPullImageRequest) async throws -> CRIPullImageResponse
    func removeImage(_ request: CRIRemoveImageRequest) async throws -> CRIRemoveImageResponse
    func imageFsInfo(_ request: CRIImageFsInfoRequest) async throws -> CRIImageFsInfoResponse
}
