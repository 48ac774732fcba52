internal import Dispatch
internal import FoundationEssentials
internal import Linux
internal import Synchronization

/// A few threads of our own for work that keeps a core busy or waits for the disk: decoding, hashing, writing.
///
/// The cooperative pool has as many threads as cores and must never wait; work is handed over in batches large enough that the two
/// hops (some 40 µs) do not count.
final class Workbench: Sendable {
    private typealias Job = @Sendable () -> Void

    private struct Queue {
        var urgent: [Job] = []
        var normal: [Job] = []
        var isClosed = false
        var started = 0
        var idle = 0
    }

    /// What the threads hold: not the workbench itself, so that dropping it ends them.
    private final class Shared: Sendable {
        let queue = Mutex(Queue())
        // The standard library has no condition variable; a semaphore counts the jobs put in.
        let jobs = DispatchSemaphore(value: 0)

        func work() {
            while true {
                jobs.wait()
                let (job, isClosed) = queue.withLock { queue -> (Job?, Bool) in
                    queue.idle -= 1
                    if !queue.urgent.isEmpty { return (queue.urgent.removeFirst(), false) }
                    if !queue.normal.isEmpty { return (queue.normal.removeFirst(), false) }
                    return (nil, queue.isClosed)
                }
                if isClosed { return }
                job?()
                queue.withLock { $0.idle += 1 }
            }
        }
    }

    private let shared = Shared()
    private let threads: Int

    /// One a core, and two where there is one: while one waits for the disk the other decodes.
    static var usualThreads: Int { max(2, ProcessInfo.processInfo.activeProcessorCount) }

    /// Starts nothing; threads start with the first jobs, at most `threads`.
    init(threads: Int) { self.threads = max(1, threads) }

    deinit {
        let started = shared.queue.withLock { queue in
            queue.isClosed = true
            return queue.started
        }
        for _ in 0..<started { shared.jobs.signal() }
    }

    /// Jobs that wait for a thread.
    var waitingJobs: Int { shared.queue.withLock { $0.urgent.count + $0.normal.count } }

    /// Runs `body` on one of the threads while the task waits; urgent work first.
    func run<Result: Sendable>(urgent: Bool = false, _ body: @escaping @Sendable () throws -> Result) async throws
        -> Result
    {
        try await withCheckedThrowingContinuation { continuation in
            put(urgent: urgent) { continuation.resume(with: Swift.Result { try body() }) }
        }
    }

    /// Runs `body` on one of the threads when one is free; nobody waits for it.
    func start(_ body: @escaping @Sendable () -> Void) { put(urgent: false, body) }

    private func put(urgent: Bool, _ job: @escaping Job) {
        let needsThread = shared.queue.withLock { queue in
            if urgent { queue.urgent.append(job) } else { queue.normal.append(job) }
            guard queue.started < threads, queue.idle < queue.urgent.count + queue.normal.count else { return false }
            queue.started += 1
            queue.idle += 1
            return true
        }
        if needsThread {
            do {
                try BlockingThread.start("imagelet-layers") { [shared] in shared.work() }
            } catch {
                startFailed()
            }
        }
        shared.jobs.signal()
    }

    /// No thread to be had: the ones that run take the job; without any, this thread does.
    private func startFailed() {
        let stranded = shared.queue.withLock { queue -> [Job] in
            queue.started -= 1
            queue.idle -= 1
            guard queue.started == 0 else { return [] }
            defer { (queue.urgent, queue.normal) = ([], []) }
            return queue.urgent + queue.normal
        }
        for job in stranded { job() }
    }
}
