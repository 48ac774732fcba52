package import GRPC
package import Images
package import Logging

/// imagelet's part of `runtime.v1.ImageService` on a node with a runtime: the pull is prepared, the removal followed, the disk counted
/// with our store; everything else never gets here (``RPCServer``).
package struct RuntimeImageServer: RuntimeImageService {
    private let runtime: RPCClient
    private let puller: RuntimePuller
    private let bookkeeping: Bookkeeping
    private let logger: Logger
    private let log: CallLog

    package init(runtime: RPCClient, puller: RuntimePuller, bookkeeping: Bookkeeping, logger: Logger) {
        self.runtime = runtime
        self.puller = puller
        self.bookkeeping = bookkeeping
        self.logger = logger
        log = CallLog(logger: logger)
    }

    /// The answer, and any refusal, is the runtime's own.
    package func pullImage(
        _ request: PassedRequest<CRIPullImageRequest>
    ) async throws -> PassedAnswer<CRIPullImageResponse> {
        let name = request.message.image.image
        return try await log.recording("PullImage", at: .info, image: name) {
            guard !name.isEmpty else { return try await runtime.pullImage(request) }
            return try await puller.pull(try PullRequest(request.message)) {
                try await pullAtRuntime(request)
            }
        }
    }

    /// What the runtime has removed we forget.
    package func removeImage(
        _ request: PassedRequest<CRIRemoveImageRequest>
    ) async throws -> PassedAnswer<CRIRemoveImageResponse> {
        let name = request.message.image.image
        return try await log.recording("RemoveImage", at: .info, image: name) {
            let answer = try await runtime.removeImage(request)
            if !name.isEmpty { await forget(name) }
            return answer
        }
    }

    /// The image is gone, whatever becomes of our record of it.
    private func forget(_ name: String) async {
        do { try await bookkeeping.forget(name) } catch {
            logger.error("image removed but not forgotten", metadata: ["image": "\(name)", "error": "\(error)"])
        }
    }

    /// The runtime does not know what our cache takes.
    package func imageFsInfo(
        _ request: PassedRequest<CRIImageFsInfoRequest>
    ) async throws -> PassedAnswer<CRIImageFsInfoResponse> {
        try await log.recording("ImageFsInfo", at: .debug) {
            var answer = try await runtime.imageFsInfo(request)
            let told = answer.message.imageFilesystems
            answer.message.imageFilesystems = bookkeeping.count(told, try await bookkeeping.usage())
            return answer
        }
    }

    /// containerd answers NOT_FOUND if the image is removed by somebody else in the middle of its pull; then it is asked again.
    private func pullAtRuntime(
        _ request: PassedRequest<CRIPullImageRequest>
    ) async throws -> PassedAnswer<CRIPullImageResponse> {
        var outcome = await outcome(of: request)
        for _ in 1..<Self.attempts where Self.wasLostMeanwhile(outcome) {
            outcome = await self.outcome(of: request)
        }
        return try outcome.get()
    }

    private typealias Outcome = Result<PassedAnswer<CRIPullImageResponse>, RPCFailure>

    private func outcome(of request: PassedRequest<CRIPullImageRequest>) async -> Outcome {
        do { return .success(try await runtime.pullImage(request)) } catch { return .failure(error) }
    }

    private static let attempts = 4

    /// Tells "the record went away while it was made" from "the registry has no such image", which is worded with a reference to resolve.
    private static func wasLostMeanwhile(_ outcome: Outcome) -> Bool {
        guard case .failure(let failure) = outcome else { return false }
        return failure.code == .notFound && !failure.message.contains("failed to resolve reference")
    }
}
