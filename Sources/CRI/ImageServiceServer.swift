internal import FoundationEssentials
package import GRPC
internal import Images
package import Logging

/// `runtime.v1.ImageService` on the use cases of this node; semantics of specs/cri-image-service.md part 4.
package struct ImageServiceServer: ImageService {
    private let catalog: any ImageListing
    private let puller: any ImagePulling
    private let log: CallLog

    package init(catalog: any ImageListing, puller: any ImagePulling, logger: Logger) {
        self.catalog = catalog
        self.puller = puller
        log = CallLog(logger: logger)
    }

    /// An empty filter lists everything, any other the one image it names.
    package func listImages(_ request: CRIListImagesRequest) async throws -> CRIListImagesResponse {
        let name = request.filter.image.image
        return try await log.recording("ListImages", at: .debug, image: name.isEmpty ? nil : name) {
            var answer = CRIListImagesResponse()
            answer.images = try images(matching: name)
            return answer
        }
    }

    package func streamImages(
        _ request: CRIStreamImagesRequest, send: @Sendable (CRIStreamImagesResponse) async throws -> Void
    ) async throws {
        let name = request.filter.image.image
        try await log.recording("StreamImages", at: .debug, image: name.isEmpty ? nil : name) {
            var rest = try images(matching: name)[...]
            while !rest.isEmpty {
                var message = CRIStreamImagesResponse()
                message.images = Array(rest.prefix(Self.imagesPerMessage))
                rest = rest.dropFirst(Self.imagesPerMessage)
                try await send(message)
            }
        }
    }

    /// An image that is not here, and a name that cannot be one, are answers without image: kubelet takes any error for a broken node.
    package func imageStatus(_ request: CRIImageStatusRequest) async throws -> CRIImageStatusResponse {
        let name = request.image.image
        return try await log.recording("ImageStatus", at: .debug, image: name) {
            var answer = CRIImageStatusResponse()
            guard let image = try find(name) else { return answer }
            answer.image = CRIImage(image)
            if request.verbose { answer.info = try catalog.info(name) ?? [:] }
            return answer
        }
    }

    package func pullImage(_ request: CRIPullImageRequest) async throws -> CRIPullImageResponse {
        try await log.recording("PullImage", at: .info, image: request.image.image) {
            var answer = CRIPullImageResponse()
            answer.imageRef = try await puller.pull(PullRequest(request)).imageID
            return answer
        }
    }

    /// Whatever is not here, for whatever reason, is removed.
    package func removeImage(_ request: CRIRemoveImageRequest) async throws -> CRIRemoveImageResponse {
        let name = request.image.image
        return try await log.recording("RemoveImage", at: .info, image: name) {
            do {
                if !name.isEmpty { try await catalog.remove(name) }
            } catch let error as ImageError where error.code == .notFound || error.code == .invalidReference {
                // Somebody was faster, or the name never meant anything.
            }
            return CRIRemoveImageResponse()
        }
    }

    /// One file system, the one that holds the store: kubelet looks at the first only, and asks cAdvisor how full it is.
    package func imageFsInfo(_ request: CRIImageFsInfoRequest) async throws -> CRIImageFsInfoResponse {
        try await log.recording("ImageFsInfo", at: .debug) {
            let now = Int64(Date().timeIntervalSince1970 * 1_000_000_000)
            var answer = CRIImageFsInfoResponse()
            answer.imageFilesystems = [CRIFilesystemUsage(try await catalog.usage(), timestamp: now)]
            return answer
        }
    }

    /// Some hundred bytes each: far from any message limit, and few messages for any node.
    package static let imagesPerMessage = 100

    private func images(matching name: String) throws -> [CRIImage] {
        if name.isEmpty { return try catalog.images(matching: nil).map { CRIImage($0) } }
        do {
            return try catalog.images(matching: name).map { CRIImage($0) }
        } catch let error as ImageError where error.code == .invalidReference {
            return []
        }
    }

    private func find(_ name: String) throws -> Image? {
        if name.isEmpty { return nil }
        do {
            return try catalog.image(name)
        } catch let error as ImageError where error.code == .invalidReference {
            return nil
        }
    }
}
