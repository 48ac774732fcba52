package import Layers
internal import Linux
package import Logging
internal import OCI
internal import State
internal import Synchronization

/// Keeps the cache within its budget: looks whenever it has grown, and now and then; gives up cold segments; stops fills.
package final class CacheWatch: Sendable {
    /// How the cache stands.
    package struct Status: Sendable, Equatable {
        package var figures: CacheBudget.Figures
        package var verdict: CacheBudget.Verdict
        /// Whether background fills may go on.
        package var allowsFill: Bool
        /// Set while the disk is full.
        package var fullDisk: FullDisk?
    }

    private let currentBudget: @Sendable () -> CacheBudget
    private let storage: ImageStorage
    private let directory: String
    private let logger: Logger
    private let interval: Duration
    /// What was said last, so that it is said once.
    private let said = Mutex<[String]>([])

    /// - Parameters:
    ///   - budget: asked at each look: it may change while the daemon runs.
    ///   - directory: on the volume that is looked at.
    ///   - interval: of looks without growth: others write to the volume, too.
    package init(
        storage: ImageStorage, budget: @autoclosure @escaping @Sendable () -> CacheBudget, directory: String,
        logger: Logger, interval: Duration = .seconds(15)
    ) {
        self.storage = storage
        currentBudget = budget
        self.directory = directory
        self.logger = logger
        self.interval = interval
    }

    package var budget: CacheBudget { currentBudget() }

    /// Until cancelled.
    package func run() async {
        let (looks, look) = AsyncStream.makeStream(of: Void.self, bufferingPolicy: .bufferingNewest(1))
        await withDiscardingTaskGroup { group in
            group.addTask { for await _ in self.storage.store.growth { look.yield() } }
            group.addTask {
                repeat { look.yield() } while (try? await Task.sleep(for: self.interval)) != nil
            }
            for await _ in looks {
                do {
                    try await self.look()
                } catch {
                    logger.warning("the cache's size is not known", metadata: ["error": "\(error)"])
                }
            }
            group.cancelAll()
        }
    }

    /// Measures, and does what follows.
    package func look() async throws {
        var verdict = try settle()
        // A hole frees whole blocks only, and others write meanwhile: what was asked for may not be enough.
        for _ in 0..<4 where verdict.excess > 0 && !Task.isCancelled {
            let freed = await storage.store.evict(verdict.excess, except: try storage.pinnedLayers())
            guard freed > 0 else { break }
            logger.info(
                "cold segments given up",
                metadata: ["bytes": "\(freed)", "reason": "\(verdict.shortages.joined(separator: "; "))"])
            verdict = try settle()
        }
        say(verdict)
    }

    /// What `imagelet gc` would give up, and gives up.
    package func excess() async throws -> LayerStore.Evictable {
        let excess = budget.verdict(try figures()).excess
        guard excess > 0 else { return LayerStore.Evictable() }
        return await storage.store.evictable(excess, except: try storage.pinnedLayers())
    }

    package func status() throws -> Status {
        let figures = try figures()
        return Status(
            figures: figures, verdict: budget.verdict(figures), allowsFill: storage.store.allowsFill,
            fullDisk: storage.store.fullDisk)
    }

    private func figures() throws -> CacheBudget.Figures {
        let volume = try VolumeStatistics(of: directory)
        return CacheBudget.Figures(
            cacheBytes: storage.store.usage().bytes, availableBytes: volume.availableBytes,
            totalBytes: volume.totalBytes)
    }

    /// Opens or closes the fills' gate.
    private func settle() throws -> CacheBudget.Verdict {
        let figures = try figures()
        let verdict = budget.verdict(figures)
        storage.store.allowFill(verdict.allowsFill)
        if figures.availableBytes >= Self.enough { storage.store.forgetFullDisk() }
        return verdict
    }

    /// With so much free a disk is not full any more, whoever finds out.
    private static let enough: Int64 = 16 << 20

    private func say(_ verdict: CacheBudget.Verdict) {
        // The figures in them change; which of them there are is the news.
        let keys = verdict.shortages.map { String($0.drop { $0 != "(" }) }
        guard
            said.withLock({ said in
                defer { said = keys }
                return said != keys
            })
        else { return }
        if verdict.shortages.isEmpty {
            logger.info("the cache is within its budget again")
        } else {
            logger.warning(
                verdict.excess > 0
                    ? "the cache is beyond its budget, and nothing more can be given up" : "background fills wait",
                metadata: ["reason": "\(verdict.shortages.joined(separator: "; "))"])
        }
    }
}

extension ImageStorage {
    /// Layers of images that must stay.
    func pinnedLayers() throws -> Set<Digest> {
        Set(try state.images().filter(\.isPinned).flatMap(\.layers))
    }
}
