internal import CRI
internal import FoundationEssentials
internal import GRPC
internal import Images
internal import Layers
internal import Logging

/// What the command asks about the disk.
extension AdminServer {
    func collectGarbage(_ request: AdminCollectGarbageRequest) async throws -> AdminCollectGarbageResponse {
        try await log.recording("CollectGarbage", at: .info, subject: ["dry": "\(request.dryRun)"]) {
            var answer = AdminCollectGarbageResponse()
            answer.garbage = try await garbage.run(isDry: request.dryRun).map { garbage in
                var message = AdminGarbage()
                message.kind = garbage.kind.rawValue
                message.name = garbage.name
                message.bytes = UInt64(max(garbage.bytes, 0))
                message.reason = garbage.reason
                return message
            }
            return answer
        }
    }

    var daemonStatus: AdminDaemonStatus {
        get async throws {
            let usage = try await catalog.usage()
            var status = AdminDaemonStatus()
            status.version = Version.current
            status.processID = ProcessIdentity.id
            status.uptimeSeconds = (ContinuousClock.now - began).components.seconds
            status.runtime = runtime
            status.directory = rootDirectory
            status.cacheBytes = UInt64(max(usage.bytes, 0))
            status.cacheInodes = UInt64(max(usage.inodes, 0))
            status.cache = AdminCacheStatus(try cache.status(), maxBytes: cache.budget.maxBytes)
            return status
        }
    }
}

extension AdminCacheStatus {
    init(_ status: CacheWatch.Status, maxBytes: Int64?) {
        self.init()
        self.maxBytes = UInt64(max(maxBytes ?? 0, 0))
        freeBytes = UInt64(max(status.figures.availableBytes, 0))
        volumeBytes = UInt64(max(status.figures.totalBytes, 0))
        fillWaits = !status.allowsFill
        shortages = status.verdict.shortages
        guard let full = status.fullDisk else { return }
        fullDisk = full.message
        fullDiskSince = Int64(full.since.timeIntervalSince1970)
    }
}
