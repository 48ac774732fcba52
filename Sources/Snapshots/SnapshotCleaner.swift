internal import Images
internal import Linux
internal import Logging
internal import Synchronization

/// Deletes in the background what no row speaks of any more: containerd waits for Remove with a store-wide lock held.
final class SnapshotCleaner: Sendable {
    private let storage: ImageStorage
    private let logger: Logger
    private let discarded = Mutex<[String]>([])
    private let directories = Signal()
    private let layers = Signal()

    /// Says that there is something to do; said often before it is heard, it is heard once.
    private struct Signal: Sendable {
        let heard: AsyncStream<Void>
        let said: AsyncStream<Void>.Continuation

        init() { (heard, said) = AsyncStream.makeStream(bufferingPolicy: .bufferingNewest(1)) }
    }

    init(storage: ImageStorage, logger: Logger) {
        self.storage = storage
        self.logger = logger
    }

    /// Leaves these directories, and the files of all layers that were forgotten, to `run()`.
    func discard(_ paths: [String]) {
        discarded.withLock { $0 += paths }
        directories.said.yield()
        layers.said.yield()
    }

    /// Works until cancelled. A large directory holds up no layer.
    func run() async {
        await withDiscardingTaskGroup { group in
            group.addTask { for await _ in self.layers.heard { await self.storage.clearLayers() } }
            group.addTask { for await _ in self.directories.heard { await self.removeDirectories() } }
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
