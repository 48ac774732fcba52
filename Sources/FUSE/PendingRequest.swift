internal import CFuse
internal import Glibc
internal import Linux
internal import Synchronization
internal import Telemetry

/// A question of the kernel that has no answer yet. Taking it is the promise to answer; dropping it answers EIO.
@safe struct PendingRequest: ~Copyable, @unchecked Sendable {
    // libfuse allows a request to be answered from any thread, once (fuse_lowlevel.h); being noncopyable sees to "once".
    private let raw: fuse_req_t
    private let ledger: Unmanaged<Ledger>
    private let operation: SessionMetrics.Operation
    private let arrival = Uptime.nanoseconds
    private var interruption: Unmanaged<Interruption>?

    init(_ operation: SessionMetrics.Operation, _ raw: fuse_req_t, _ ledger: Ledger) {
        self.operation = operation
        unsafe self.raw = raw
        // The session keeps its ledger until all requests are answered.
        unsafe self.ledger = Unmanaged.passUnretained(ledger)
        unsafe interruption = nil
        ledger.opened()
    }

    deinit {
        unsafe Self.forget(raw, interruption)
        _ = unsafe fuse_reply_err(raw, Errno.ioError.rawValue)
        unsafe ledger._withUnsafeGuaranteedRef { $0.closed(dropped: true) }
    }

    /// Answers with what `answer` does; the request must not be used behind it.
    consuming func complete(_ answer: (fuse_req_t) -> Int32) {
        let (raw, ledger) = unsafe (raw, ledger)
        let (operation, arrival) = (operation, arrival)
        unsafe Self.forget(raw, interruption)
        discard self
        // Fails with ENOENT if the reader was interrupted and is gone: a legal race, and libfuse has freed the request in any case.
        _ = unsafe answer(raw)
        unsafe ledger._withUnsafeGuaranteedRef { ledger in
            ledger.metrics.answers[operation].observe(.nanoseconds(Uptime.nanoseconds - arrival))
            ledger.closed(dropped: false)
        }
    }

    consuming func fail(_ errno: Errno) {
        unsafe complete { raw in unsafe fuse_reply_err(raw, errno.rawValue) }
    }

    /// The number of the thread that asks, as this process sees it; 0 if it doesn't.
    var thread: Int32 { unsafe fuse_req_ctx(raw).pointee.pid }

    /// Calls `action` when whoever asked is interrupted or killed, at once if that has happened already. It runs under a lock of
    /// libfuse and must not answer the request itself.
    mutating func onInterrupt(_ action: @escaping @Sendable () -> Void) {
        unsafe Self.forget(raw, interruption)
        let retained = unsafe Unmanaged.passRetained(Interruption(action))
        unsafe interruption = retained
        unsafe fuse_req_interrupt_func(
            raw,
            { _, data in
                guard let data = unsafe data else { return }
                unsafe Unmanaged<Interruption>.fromOpaque(data)._withUnsafeGuaranteedRef { $0.action() }
            }, retained.toOpaque())
    }

    private static func forget(_ raw: fuse_req_t, _ interruption: Unmanaged<Interruption>?) {
        guard let interruption = unsafe interruption else { return }
        // Waits for an action that is running.
        unsafe fuse_req_interrupt_func(raw, nil, nil)
        unsafe interruption.release()
    }
}

/// The clock by which answers are timed: a plain number, as fields of a request have to be.
private enum Uptime {
    static var nanoseconds: Int64 {
        var time = timespec()
        unsafe clock_gettime(CLOCK_MONOTONIC, &time)
        return Int64(time.tv_sec) * 1_000_000_000 + Int64(time.tv_nsec)
    }
}

private final class Interruption: Sendable {
    let action: @Sendable () -> Void
    init(_ action: @escaping @Sendable () -> Void) { self.action = action }
}

/// Counts the requests that wait for an answer, so that a session is not taken down under them.
final class Ledger: Sendable {
    let metrics: SessionMetrics
    private let open = Atomic<Int>(0)
    private let droppedCount = Atomic<Int>(0)
    private let draining = Atomic<Bool>(false)
    private let waiter = Mutex<(@Sendable () -> Void)?>(nil)

    init(_ metrics: SessionMetrics) { self.metrics = metrics }

    /// Requests that were dropped without an answer: a bug each.
    var dropped: Int { droppedCount.load(ordering: .relaxed) }

    func opened() { open.wrappingAdd(1, ordering: .relaxed) }

    func closed(dropped: Bool) {
        if dropped { droppedCount.wrappingAdd(1, ordering: .relaxed) }
        let (_, left) = open.wrappingSubtract(1, ordering: .sequentiallyConsistent)
        if left == 0, draining.load(ordering: .sequentiallyConsistent) { fire() }
    }

    /// Calls `action` once no request is open. No new ones may be opened meanwhile.
    func whenDrained(_ action: @escaping @Sendable () -> Void) {
        waiter.withLock { $0 = action }
        draining.store(true, ordering: .sequentiallyConsistent)
        if open.load(ordering: .sequentiallyConsistent) == 0 { fire() }
    }

    private func fire() {
        let action = waiter.withLock { waiter in
            defer { waiter = nil }
            return waiter
        }
        action?()
    }
}
