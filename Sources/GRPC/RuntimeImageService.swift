/// The calls of `runtime.v1.ImageService` that are not passed on to the runtime untouched: imagelet has a part in them.
///
/// Cancellation and failures as in ``ImageService``. What is passed on with ``RPCClient`` takes its metadata along, and the answer, or the
/// failure thrown, brings back the runtime's.
package protocol RuntimeImageService: Sendable {
    func pullImage(
        _ request: PassedRequest<CRIPullImageRequest>
    ) async throws -> PassedAnswer<CRIPullImageResponse>
    func removeImage(
        _ request: PassedRequest<CRIRemoveImageRequest>
    ) async throws -> PassedAnswer<CRIRemoveImageResponse>
    func imageFsInfo(
        _ request: PassedRequest<CRIImageFsInfoRequest>
    ) async throws -> PassedAnswer<CRIImageFsInfoResponse>
}
