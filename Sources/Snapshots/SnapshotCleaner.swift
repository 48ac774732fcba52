internal import Images
internal import Linux
internal import Logging
internal import Synchronization

/// Deletes in the background what no row speaks of any more: containerd waits for Remove with a store-wide lock held.
final class SnapshotCleaner: Sendable {
    private let storage: ImageStorage
    private let logger: Logger
    private let discarded = Mutex<[String]>([])
    private let signals: AsyncStream<Void>
    private let signal: AsyncStream<Void>.Continuation

    init(storage: ImageStorage, logger: Logger) {
        self.storage = storage
        self.logger = logger
        (signals, signal) = AsyncStream.makeStream(bufferingPolicy: .bufferingNewest(1))
    }

    /// Leaves these directories, and the files of all layers that were forgotten, to `run()`.
    func discard(_ paths: [String]) {
        discarded.withLock { $0 += paths }
        signal.yield()
    }

    /// Works until cancelled.
    func run() async {
        for await _ in signals {
            await withDiscardingTaskGroup { group in
                group.addTask { [storage] in await storage.clearLayers() }
                group.addTask { await self.removeDirectories() }
            }
        }
    }

    private func removeDirectories() async {
        while !Task.isCancelled, let path = discarded.withLock({ $0.popLast() }) {
            do {
                _ = try await BlockingThread.run("imagelet-clean") { try Directory.removeTree(path) }
            } catch {
                logger.warning(
                    "directory of a removed snapshot not deleted; the next start tries again",
                    metadata: ["path": "\(path)", "error": "\(error)"])
            }
        }
    }
}
