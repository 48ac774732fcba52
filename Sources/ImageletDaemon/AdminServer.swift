internal import CRI
internal import GRPC
internal import Images
internal import Layers
internal import Logging
internal import OCI
internal import Policy
internal import State

/// What imagelet's own command asks of the daemon: how images stand, how a pull comes along, what to mount.
struct AdminServer: AdminService {
    let catalog: ImageCatalog
    let progress: @Sendable (_ image: String) -> AsyncStream<PullProgress>
    let mounts: ImageMounts
    let cache: CacheWatch
    let garbage: GarbageCollection
    let reload: Reload
    let past: PullHistory
    let rootDirectory: String
    /// In the configuration's words.
    let runtime: String
    let began = ContinuousClock.now
    let log: CallLog

    func status(_ request: AdminStatusRequest) async throws -> AdminStatusResponse {
        try await log.recording("Status", at: .debug, subject: Self.subject(request.image)) {
            let records = try catalog.records(matching: request.image)
            let notes = try catalog.notes(matching: request.image)
            guard request.image.isEmpty || !records.isEmpty || !notes.isEmpty else {
                throw ImageError(.notFound, "\(request.image) is not on this node; 'imagelet images' lists what is")
            }
            var answer = AdminStatusResponse()
            answer.daemon = try await daemonStatus
            answer.images = records.map(imageStatus) + notes.map(noteStatus)
            answer.mounts = try mounts.all().map { mount in
                var status = AdminMountStatus()
                status.id = mount.id
                status.imageID = mount.imageID.description
                status.target = mount.target
                return status
            }
            return answer
        }
    }

    func watchPull(
        _ request: AdminWatchPullRequest, send: @Sendable (AdminPullProgress) async throws -> Void
    ) async throws {
        try await log.recording("WatchPull", at: .debug, subject: Self.subject(request.image)) {
            for await progress in progress(request.image) {
                try await send(AdminPullProgress(progress))
            }
        }
    }

    func prepareMount(_ request: AdminPrepareMountRequest) async throws -> AdminPrepareMountResponse {
        try await log.recording("PrepareMount", at: .info, subject: Self.subject(request.image)) {
            let plan = try await mounts.prepare(request.image)
            var answer = AdminPrepareMountResponse()
            answer.mountID = plan.id
            answer.imageID = plan.imageID.description
            answer.layerDirectory = plan.layerDirectory
            answer.slots = plan.slots
            answer.upperDirectory = request.readOnly ? "" : plan.directory + "/upper"
            answer.emptyDirectory = plan.directory + "/empty"
            answer.workDirectory = request.readOnly ? "" : plan.directory + "/work"
            answer.config.user = plan.config.user
            answer.config.environment = plan.config.env
            answer.config.entrypoint = plan.config.entrypoint
            answer.config.command = plan.config.cmd
            answer.config.workingDirectory = plan.config.workingDir
            return answer
        }
    }

    func commitMount(_ request: AdminCommitMountRequest) async throws -> AdminCommitMountResponse {
        let subject: Logger.Metadata = ["mount": "\(request.mountID)", "mount.target": "\(request.target)"]
        return try await log.recording("CommitMount", at: .info, subject: subject) {
            try await mounts.commit(request.mountID, target: request.target)
            return AdminCommitMountResponse()
        }
    }

    func releaseMount(_ request: AdminReleaseMountRequest) async throws -> AdminReleaseMountResponse {
        try await log.recording("ReleaseMount", at: .info, subject: ["mount": "\(request.mount)"]) {
            try await mounts.release(request.mount)
            return AdminReleaseMountResponse()
        }
    }

    private static func subject(_ image: String) -> Logger.Metadata { image.isEmpty ? [:] : ["image": "\(image)"] }

    private func imageStatus(_ record: ImageRecord) -> AdminImageStatus {
        var status = AdminImageStatus()
        status.id = record.id.description
        status.names = record.references + record.digests
        status.strategy = record.strategy
        status.reasons = catalog.reasons(of: record).map(\.description)
        status.layers = catalog.layers(of: record).map { AdminLayerStatus($0) }
        status.refusal = catalog.refusal(of: record) ?? ""
        return status
    }

    /// An image that the runtime fetched by itself: how that came about is all we know of it.
    private func noteStatus(_ note: PullNote) -> AdminImageStatus {
        var status = AdminImageStatus()
        status.id = note.imageID?.description ?? ""
        status.names = [note.name]
        status.strategy = note.strategy
        status.reasons = catalog.reasons(of: note).map(\.description)
        return status
    }
}

extension AdminPullProgress {
    init(_ progress: PullProgress) {
        self.init()
        phase =
            switch progress.phase {
            case .resolving: .resolving
            case .deciding: .deciding
            case .fetching: .fetching
            case .done: .done
            case .failed: .failed
            }
        imageID = progress.imageID ?? ""
        strategy = progress.decision?.strategy.rawValue ?? ""
        reasons = progress.decision?.reasons.map(\.description) ?? []
        layers = progress.layers.map { AdminLayerStatus($0) }
    }
}

extension AdminLayerStatus {
    init(_ status: LayerStatus) {
        self.init()
        let progress = status.progress
        digest = status.digest.description
        slot = status.slot
        state =
            switch progress.state {
            case .prefetching: .prefetching
            case .streaming: .streaming
            case .complete: .complete
            case .poisoned: .poisoned
            }
        contentPresent = UInt64(max(progress.contentPresent, 0))
        contentSize = UInt64(max(progress.contentSize, 0))
        blobFetched = UInt64(max(progress.blobBytesFetched, 0))
        blobSize = UInt64(max(progress.blobSize, 0))
        segmentsPresent = UInt64(max(progress.segmentsPresent, 0))
        segmentCount = UInt64(max(progress.segmentCount, 0))
        waitingReaders = UInt32(clamping: progress.waiting)
    }
}
