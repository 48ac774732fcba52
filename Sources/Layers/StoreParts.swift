internal import LayerFormat
internal import Logging
internal import OCI
internal import Synchronization

/// What all layers of one store share.
final class StoreParts: Sendable {
    typealias Work = @Sendable () async -> Void

    let format: any TableOfContentsFormat
    let options: LayerStoreOptions
    let borrower: (any LayerBorrower)?
    var metrics: LayerMetrics { options.metrics }
    let logger: Logger
    let transfers: TransferQueue
    let bench: Workbench
    let held: HeldSegments
    /// Work for the store's `run()`.
    let works: AsyncStream<Work>
    private let workInput: AsyncStream<Work>.Continuation
    let events: AsyncStream<LayerEvent>
    private let eventInput: AsyncStream<LayerEvent>.Continuation
    /// Counts the reads that had to wait: a fill that finds it changed waits for quiet again.
    private let demandCount = Atomic<Int>(0)
    private let stopped = Atomic<Bool>(false)

    init(
        format: any TableOfContentsFormat, options: LayerStoreOptions, borrower: (any LayerBorrower)?, logger: Logger
    ) {
        self.format = format
        self.options = options
        self.borrower = borrower
        self.logger = logger
        let limits = TransferSchedule.Limits(
            total: options.maxTransfers, perLayer: options.maxTransfersPerLayer, background: options.maxFillTransfers)
        transfers = TransferQueue(limits: limits)
        bench = Workbench(threads: options.threads ?? Workbench.usualThreads)
        held = HeldSegments(limit: options.heldBytes)
        (works, workInput) = AsyncStream.makeStream()
        // An observer that does not read must not make us grow.
        (events, eventInput) = AsyncStream.makeStream(bufferingPolicy: .bufferingNewest(1024))
    }

    func start(_ work: @escaping Work) { workInput.yield(work) }

    func report(_ event: LayerEvent) { eventInput.yield(event) }

    func noteDemand() { demandCount.add(1, ordering: .relaxed) }

    var demand: Int { demandCount.load(ordering: .relaxed) }

    var isStopped: Bool { stopped.load(ordering: .acquiring) }

    func stop() {
        stopped.store(true, ordering: .releasing)
        workInput.finish()
    }

    /// Returns when no read has had to wait for the quiet period.
    func quiet() async throws {
        var seen: Int
        repeat {
            seen = demand
            try await options.clock.sleep(for: options.fillQuietPeriod)
        } while seen != demand
    }
}
