internal import FoundationEssentials
internal import LayerFormat
internal import Logging
internal import OCI
internal import Synchronization
internal import Telemetry

/// What all layers of one store share.
final class StoreParts: Sendable {
    typealias Work = @Sendable () async -> Void

    let format: any TableOfContentsFormat
    /// As the store was made; what `LayerStore.adjust` may change is to be had from `adjusted`.
    let options: LayerStoreOptions
    private let adjustable: Mutex<LayerStoreOptions>
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
    /// Before background fills; closed while the cache is near its budget.
    let fillGate = Gate()
    /// Before background fills; closed while nobody wants any.
    let fillSwitch = Gate()
    /// Says that the cache has grown; said often before it is heard, it is heard once.
    let growth: AsyncStream<Void>
    private let growthInput: AsyncStream<Void>.Continuation
    private let unsaidGrowth = Atomic<Int>(0)
    private let ticks = Atomic<UInt32>(StoreParts.firstTick)
    /// Ticks before it tell of uses before the store began.
    static let firstTick: UInt32 = 1 << 31
    private let fullDisk = Mutex<FullDisk?>(nil)

    init(
        format: any TableOfContentsFormat, options: LayerStoreOptions, borrower: (any LayerBorrower)?, logger: Logger
    ) {
        self.format = format
        self.options = options
        adjustable = Mutex(options)
        self.borrower = borrower
        self.logger = logger
        transfers = TransferQueue(limits: TransferSchedule.Limits(options))
        bench = Workbench(threads: options.threads ?? Workbench.usualThreads)
        held = HeldSegments(limit: options.heldBytes)
        (works, workInput) = AsyncStream.makeStream()
        // An observer that does not read must not make us grow.
        (events, eventInput) = AsyncStream.makeStream(bufferingPolicy: .bufferingNewest(1024))
        (growth, growthInput) = AsyncStream.makeStream(bufferingPolicy: .bufferingNewest(1))
        fillSwitch.set(open: options.fills)
    }

    /// The options as they are now.
    var adjusted: LayerStoreOptions { adjustable.withLock { $0 } }

    func adjust(_ change: (inout LayerStoreOptions) -> Void) {
        let options = adjustable.withLock { options in
            change(&options)
            return options
        }
        transfers.setLimits(TransferSchedule.Limits(options))
        fillSwitch.set(open: options.fills)
    }

    /// Counts bytes that came, for all who want to know.
    func noteFetched(_ range: Range<Int64>, of blob: Digest, for priority: TransferPriority) {
        metrics.fetchedBytes[priority].add(range.count)
        options.observer?.fetched(range, of: blob, for: priority)
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

    /// The time that stamps of use are in; moves about once a second.
    var tick: UInt32 { ticks.load(ordering: .relaxed) }

    /// Moves the time on, until cancelled.
    func keepTime() async {
        while (try? await options.clock.sleep(for: .seconds(1))) != nil { moveOn() }
    }

    func moveOn() { ticks.wrappingAdd(1, ordering: .relaxed) }

    /// So many bytes were written to the disk: it is not full now.
    func noteWritten(_ bytes: Int) {
        if fullDisk.withLock({ $0 != nil }) { fullDisk.withLock { $0 = nil } }
        guard unsaidGrowth.wrappingAdd(bytes, ordering: .relaxed).newValue >= options.growthStep else { return }
        unsaidGrowth.store(0, ordering: .relaxed)
        growthInput.yield()
    }

    /// A write failed for want of space.
    func noteFullDisk(_ message: String) {
        fullDisk.withLock { full in full = FullDisk(since: full?.since ?? Date(), message: message) }
        growthInput.yield()
    }

    var diskFull: FullDisk? { fullDisk.withLock { $0 } }

    func forgetFullDisk() { fullDisk.withLock { $0 = nil } }

    /// Returns when background fills are wanted and there is room for them.
    func passFillGates() async throws {
        repeat {
            try await fillSwitch.pass()
            try await fillGate.pass()
        } while !fillSwitch.isOpen
    }

    /// Returns when no read has had to wait for the quiet period.
    func quiet() async throws {
        var seen: Int
        repeat {
            seen = demand
            try await options.clock.sleep(for: adjusted.fillQuietPeriod)
        } while seen != demand
    }
}
