import Foundation
import GRPC
import Linux
import Synchronization

/// A daemon played by the test: two layers in ordinary directories, images that are pulled by being named.
final class PlayedDaemon: ImageService, AdminService {
    let directory: String
    private let images = Mutex<[CRIImage]>([])
    private let mounts = Mutex<[String: String]>([:])
    private let pulls = Mutex<[CRIPullImageRequest]>([])

    /// Makes the layers: the upper one hides a file of the lower one.
    init(directory: String) throws {
        self.directory = directory
        for (name, text) in [("1/a", "lower"), ("1/b", "lower"), ("2/a", "upper")] {
            let path = "\(directory)/store/\(name)"
            try FileManager.default.createDirectory(
                atPath: (path as NSString).deletingLastPathComponent, withIntermediateDirectories: true)
            try Data(text.utf8).write(to: URL(fileURLWithPath: path))
        }
    }

    /// Names of mounts by id.
    var committed: [String: String] { mounts.withLock { $0 } }
    var pullRequests: [CRIPullImageRequest] { pulls.withLock { $0 } }

    func listImages(_ request: CRIListImagesRequest) async throws -> CRIListImagesResponse {
        var answer = CRIListImagesResponse()
        answer.images = images.withLock { $0 }
        return answer
    }

    func streamImages(
        _ request: CRIStreamImagesRequest, send: @Sendable (CRIStreamImagesResponse) async throws -> Void
    ) async throws {}

    func imageStatus(_ request: CRIImageStatusRequest) async throws -> CRIImageStatusResponse {
        var answer = CRIImageStatusResponse()
        let name = request.image.image
        guard let image = images.withLock({ $0.first { $0.id == name || $0.repoTags.contains(name) } }) else {
            return answer
        }
        answer.image = image
        return answer
    }

    func pullImage(_ request: CRIPullImageRequest) async throws -> CRIPullImageResponse {
        pulls.withLock { $0.append(request) }
        let name = request.image.image
        if name == "example.org/secret:1" { throw RPCFailure(.permissionDenied, "example.org: 403 for this user") }
        if name == "example.org/down:1" { throw RPCFailure(.unknown, "RegistryUnavailable: example.org: timed out") }
        var image = CRIImage()
        image.id = "sha256:\(name)"
        image.repoTags = [name]
        image.size = 1
        images.withLock { $0.append(image) }
        var answer = CRIPullImageResponse()
        answer.imageRef = image.id
        return answer
    }

    func removeImage(_ request: CRIRemoveImageRequest) async throws -> CRIRemoveImageResponse {
        images.withLock { $0.removeAll { $0.id == request.image.image } }
        return CRIRemoveImageResponse()
    }

    func imageFsInfo(_ request: CRIImageFsInfoRequest) async throws -> CRIImageFsInfoResponse {
        CRIImageFsInfoResponse()
    }

    func collectGarbage(_ request: AdminCollectGarbageRequest) async throws -> AdminCollectGarbageResponse {
        var garbage = AdminGarbage()
        garbage.kind = "layer"
        garbage.name = "sha256:0123"
        garbage.bytes = 5 << 20
        garbage.reason = "no image, mount or snapshot has it"
        var answer = AdminCollectGarbageResponse()
        answer.garbage = request.dryRun ? [garbage, garbage] : [garbage]
        return answer
    }

    func reloadConfiguration(
        _ request: AdminReloadConfigurationRequest
    ) async throws -> AdminReloadConfigurationResponse {
        func change(_ key: String, _ old: String, _ new: String) -> AdminKeyChange {
            var change = AdminKeyChange()
            (change.key, change.old, change.new) = (key, old, new)
            return change
        }
        var answer = AdminReloadConfigurationResponse()
        answer.inForce = [change("fill.enabled", "true", "false")]
        answer.needsRestart = [change("runtime", "none", "containerd")]
        return answer
    }

    func setLogLevels(_ request: AdminSetLogLevelsRequest) async throws -> AdminSetLogLevelsResponse {
        var answer = AdminSetLogLevelsResponse()
        answer.parts = ["cri", "registry"].map { name in
            var part = AdminPartLogLevel()
            part.part = name
            part.level = request.parts[name] ?? (request.level.isEmpty ? "info" : request.level)
            return part
        }
        return answer
    }

    func history(_ request: AdminHistoryRequest) async throws -> AdminHistoryResponse {
        var answer = AdminHistoryResponse()
        answer.report = Data(#"{"pulls":[],"starts":[],"layers":[],"now":"2026-11-28T17:00:00.000Z"}"#.utf8)
        return answer
    }

    func status(_ request: AdminStatusRequest) async throws -> AdminStatusResponse {
        var answer = AdminStatusResponse()
        answer.images = images.withLock { $0 }.filter { request.image.isEmpty || $0.id == request.image }.map { known in
            var image = AdminImageStatus()
            image.id = known.id
            image.names = known.repoTags
            image.strategy = "pull"
            image.reasons = ["belowThreshold: the image has 1 byte"]
            return image
        }
        return answer
    }

    func watchPull(
        _ request: AdminWatchPullRequest, send: @Sendable (AdminPullProgress) async throws -> Void
    ) async throws {
        var progress = AdminPullProgress()
        progress.phase = .resolving
        try await send(progress)
        // Until the client has its answer and goes.
        try await Task.sleep(for: .seconds(3600))
    }

    func prepareMount(_ request: AdminPrepareMountRequest) async throws -> AdminPrepareMountResponse {
        let id = UUID().uuidString
        for name in ["upper", "work", "empty"] {
            try FileManager.default.createDirectory(
                atPath: "\(directory)/mounts/\(id)/\(name)", withIntermediateDirectories: true)
        }
        mounts.withLock { $0[id] = "" }
        var answer = AdminPrepareMountResponse()
        answer.mountID = id
        answer.imageID = "sha256:1"
        answer.layerDirectory = "\(directory)/store"
        answer.slots = request.image == "broken" ? [404] : [2, 1]
        if !request.readOnly {
            answer.upperDirectory = "\(directory)/mounts/\(id)/upper"
            answer.workDirectory = "\(directory)/mounts/\(id)/work"
        }
        answer.emptyDirectory = "\(directory)/mounts/\(id)/empty"
        answer.config.environment = ["PATH=/bin"]
        return answer
    }

    func commitMount(_ request: AdminCommitMountRequest) async throws -> AdminCommitMountResponse {
        mounts.withLock { $0[request.mountID] = request.target }
        return AdminCommitMountResponse()
    }

    func releaseMount(_ request: AdminReleaseMountRequest) async throws -> AdminReleaseMountResponse {
        let id = mounts.withLock { mounts in mounts.first { $0.key == request.mount || $0.value == request.mount }?.key
        }
        guard let id else { throw RPCFailure(.notFound, "\(request.mount) is not a mount of imagelet") }
        mounts.withLock { $0[id] = nil }
        return AdminReleaseMountResponse()
    }
}
