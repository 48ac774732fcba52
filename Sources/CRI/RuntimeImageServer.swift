package import GRPC
package import Images
package import Logging

/// imagelet's part of `runtime.v1.ImageService` on a node with a runtime: the pull is prepared, the removal followed, the disk counted
/// with our store; everything else never gets here (``RPCServer``).
package struct RuntimeImageServer: RuntimeImageService {
    private let runtime: RPCClient
    private let puller: RuntimePuller
    private let catalog: ImageCatalog
    private let usage: @Sendable () async throws -> StoreUsage
    private let logger: Logger
    private let log: CallLog

    /// - Parameter usage: what the store and the snapshots take on the disk.
    package init(
        runtime: RPCClient, puller: RuntimePuller, catalog: ImageCatalog, logger: Logger,
        usage: @escaping @Sendable () async throws -> StoreUsage
    ) {
        self.runtime = runtime
        self.puller = puller
        self.catalog = catalog
        self.usage = usage
        self.logger = logger
        log = CallLog(logger: logger)
    }

    /// The answer, and any refusal, is the runtime's own.
    package func pullImage(_ request: CRIPullImageRequest) async throws -> CRIPullImageResponse {
        try await log.recording("PullImage", at: .info, image: request.image.image) {
            guard !request.image.image.isEmpty else { return try await runtime.pullImage(request) }
            return try await puller.pull(try PullRequest(request)) {
                try await pullAtRuntime(request)
            }
        }
    }

    /// What the runtime has removed we forget; its layers go when the runtime's garbage collection has let go of their snapshots.
    package func removeImage(_ request: CRIRemoveImageRequest) async throws -> CRIRemoveImageResponse {
        let name = request.image.image
        return try await log.recording("RemoveImage", at: .info, image: name) {
            let answer = try await runtime.removeImage(request)
            if !name.isEmpty { await forget(name) }
            return answer
        }
    }

    /// The image is gone, whatever becomes of our record of it.
    private func forget(_ name: String) async {
        do { try await catalog.forget(name) } catch {
            logger.error("image removed but not forgotten", metadata: ["image": "\(name)", "error": "\(error)"])
        }
    }

    /// The runtime knows its snapshots and not our cache: where it speaks of our snapshotter's file system, or of none of ours, ours
    /// is told instead or besides.
    package func imageFsInfo(_ request: CRIImageFsInfoRequest) async throws -> CRIImageFsInfoResponse {
        try await log.recording("ImageFsInfo", at: .debug) {
            var answer = try await runtime.imageFsInfo(request)
            let usage = try await usage()
            answer.imageFilesystems = Self.filesystems(answer.imageFilesystems, with: usage)
            return answer
        }
    }

    /// Kubelet looks at the first entry only: ours replaces what stands for our snapshotter, and follows what stands for another.
    static func filesystems(_ told: [CRIFilesystemUsage], with usage: StoreUsage) -> [CRIFilesystemUsage] {
        let time = told.first?.timestamp ?? 0
        let ours = CRIFilesystemUsage(usage, timestamp: time)
        var result = told
        let position = told.firstIndex {
            $0.fsID.mountpoint == usage.mountpoint || $0.fsID.mountpoint.hasSuffix(Self.unexportedRoot)
        }
        if let position { result[position] = ours } else { result.append(ours) }
        return result
    }

    /// What containerd names if a proxy snapshotter exports no root: a directory that need not exist (specs/containerd.md 8).
    private static let unexportedRoot = "/io.containerd.snapshotter.v1." + ContainerRuntime.snapshotter

    /// containerd answers NOT_FOUND if the image is removed by somebody else in the middle of its pull; then it is asked again.
    private func pullAtRuntime(_ request: CRIPullImageRequest) async throws -> CRIPullImageResponse {
        var outcome = await outcome(of: request)
        for _ in 1..<Self.attempts where Self.wasLostMeanwhile(outcome) {
            outcome = await self.outcome(of: request)
        }
        return try outcome.get()
    }

    private func outcome(of request: CRIPullImageRequest) async -> Result<CRIPullImageResponse, RPCFailure> {
        do { return .success(try await runtime.pullImage(request)) } catch { return .failure(error) }
    }

    private static let attempts = 4

    /// Tells "the record went away while it was made" from "the registry has no such image", which is worded with a reference to resolve.
    private static func wasLostMeanwhile(_ outcome: Result<CRIPullImageResponse, RPCFailure>) -> Bool {
        guard case .failure(let failure) = outcome else { return false }
        return failure.code == .notFound && !failure.message.contains("failed to resolve reference")
    }
}
