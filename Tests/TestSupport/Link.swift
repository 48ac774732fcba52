import Foundation
import Synchronization

/// A link with a rate and a delay that all connections of a proxy share; counts what it carries towards the client.
package final class Link: Sendable {
    private struct State {
        var freeAt = ContinuousClock.now
        var carried = 0
        /// Nil: as fast as the machine.
        var bytesPerSecond: Double?
    }

    private let fullRate: Double?
    /// One way; half the round trip.
    let delay: Duration
    private let state = Mutex(State())

    /// Bytes may wait for the link this long before their sender is made to wait.
    private static let patience = Duration.milliseconds(20)

    /// - Parameters:
    ///   - megabitsPerSecond: 10⁶ bits a second, headers included; nil for no limit.
    ///   - roundTrip: there and back.
    package init(megabitsPerSecond: Double? = nil, roundTrip: Duration = .zero) {
        fullRate = megabitsPerSecond.map { $0 * 1e6 / 8 }
        delay = roundTrip / 2
        state.withLock { $0.bytesPerSecond = fullRate }
    }

    /// Gives the link another rate, or with nil the one it had in the beginning. What has its place on the link keeps it.
    package func throttle(megabitsPerSecond: Double?) {
        state.withLock { $0.bytesPerSecond = megabitsPerSecond.map { $0 * 1e6 / 8 } ?? fullRate }
    }

    /// Bytes carried towards clients so far, header lines included.
    package var carried: Int { state.withLock { $0.carried } }

    package func resetCount() { state.withLock { $0.carried = 0 } }

    var isPlain: Bool { delay == .zero && state.withLock { $0.bytesPerSecond == nil } }

    /// Waits for a place on the link for `count` bytes and returns when the last of them will be at the far end.
    func carry(_ count: Int) -> ContinuousClock.Instant {
        while true {
            let (arrival, wait): (ContinuousClock.Instant, Duration) = state.withLock { state in
                let now = ContinuousClock.now
                let start = max(now, state.freeAt)
                if start - now > Self.patience { return (start, start - now - Self.patience / 2) }
                state.freeAt = start + .seconds(state.bytesPerSecond.map { Double(count) / $0 } ?? 0)
                state.carried += count
                return (state.freeAt + delay, .zero)
            }
            if wait == .zero { return arrival }
            Thread.sleep(forTimeInterval: wait / .seconds(1))
        }
    }
}

/// Brings bytes to one client over a `Link`: in order, each piece at its time, from a thread of its own where the link has a delay.
final class DelayLine: @unchecked Sendable {
    private let link: Link
    private let client: Connection
    private let condition = NSCondition()
    // All below under the condition's lock.
    private var queue: [(bytes: [UInt8], due: ContinuousClock.Instant)] = []
    private var queued = 0
    private var isRunning = false
    private var isEnded = false
    private var hasFailed = false

    /// Bytes under way at most: 1 Gbit/s times 64 ms.
    private static let capacity = 8 << 20
    private static let pieceSize = 64 << 10

    init(_ link: Link, to client: Connection) {
        self.link = link
        self.client = client
    }

    func write(_ bytes: [UInt8]) throws {
        if link.isPlain {
            // What came while it was throttled goes first.
            drain()
            _ = link.carry(bytes.count)
            return try client.write(bytes)
        }
        var rest = bytes[...]
        while !rest.isEmpty {
            let piece = Array(rest.prefix(Self.pieceSize))
            rest = rest.dropFirst(piece.count)
            try enqueue(piece, due: link.carry(piece.count))
        }
    }

    /// Waits until everything written is delivered.
    func drain() {
        condition.withLock {
            while queued > 0, !hasFailed { condition.wait() }
        }
    }

    /// Drains and ends the thread.
    func end() {
        drain()
        condition.withLock {
            isEnded = true
            condition.broadcast()
        }
    }

    private func enqueue(_ piece: [UInt8], due: ContinuousClock.Instant) throws {
        try condition.withLock {
            while queued > Self.capacity, !hasFailed { condition.wait() }
            if hasFailed { throw Connection.Closed() }
            queue.append((piece, due))
            queued += piece.count
            condition.broadcast()
            if !isRunning {
                isRunning = true
                Thread.detachNewThread { self.deliver() }
            }
        }
    }

    private func deliver() {
        while let batch = nextBatch() {
            for (piece, due) in batch {
                let wait = due - .now
                if wait > .zero { Thread.sleep(forTimeInterval: wait / .seconds(1)) }
                let isWritten = (try? client.write(piece)) != nil
                condition.withLock {
                    queued -= piece.count
                    if !isWritten { hasFailed = true }
                    condition.broadcast()
                }
                if !isWritten { return }
            }
        }
    }

    private func nextBatch() -> [(bytes: [UInt8], due: ContinuousClock.Instant)]? {
        condition.withLock {
            while queue.isEmpty, !isEnded { condition.wait() }
            defer { queue = [] }
            return queue.isEmpty ? nil : queue
        }
    }
}
