/// Decides from what has moved whether a transfer is given up. A plain value: the time comes with the question.
struct Watch {
    /// What can be seen of a transfer. Counts are bytes of bodies.
    struct Observation {
        var isConnected: Bool
        var sent: Int64
        var isSent: Bool
        var hasHead: Bool
        var received: Int64
        /// Our own side is what the transfer waits for.
        var isHeld: Bool
    }

    enum Verdict: Equatable {
        case noHead(after: Duration)
        case stalled(Duration)
        case tooSlow(Timeouts.SpeedFloor)
    }

    private struct Mark {
        var time: ContinuousClock.Instant
        var bytes: Int64
    }

    private let timeouts: Timeouts
    private var progress: Mark?
    private var headWait: ContinuousClock.Instant?
    private var pace: Mark?

    init(_ timeouts: Timeouts) {
        self.timeouts = timeouts
    }

    mutating func check(_ seen: Observation, at now: ContinuousClock.Instant) -> Verdict? {
        // Until there is a connection curl's own connect timeout holds.
        guard seen.isConnected else { return nil }
        if seen.isSent, !seen.hasHead {
            let start = headWait ?? now
            headWait = start
            return now - start >= timeouts.responseHead ? .noHead(after: timeouts.responseHead) : nil
        }
        return checkPace(seen, now) ?? checkProgress(seen, now)
    }

    private mutating func checkProgress(_ seen: Observation, _ now: ContinuousClock.Instant) -> Verdict? {
        let bytes = seen.sent + seen.received
        guard let last = progress, last.bytes == bytes, !seen.isHeld else {
            progress = Mark(time: now, bytes: bytes)
            return nil
        }
        return now - last.time >= timeouts.idle ? .stalled(timeouts.idle) : nil
    }

    private mutating func checkPace(_ seen: Observation, _ now: ContinuousClock.Instant) -> Verdict? {
        guard let floor = timeouts.floor, seen.hasHead else { return nil }
        guard let start = pace, !seen.isHeld else {
            pace = Mark(time: now, bytes: seen.received)
            return nil
        }
        let elapsed = now - start.time
        guard elapsed >= floor.over else { return nil }
        pace = Mark(time: now, bytes: seen.received)
        let moved = Double(seen.received - start.bytes)
        return moved < Double(floor.bytesPerSecond) * (elapsed / .seconds(1)) ? .tooSlow(floor) : nil
    }
}

extension Watch.Verdict {
    func error(_ label: String, received: Int64) -> HTTPError {
        switch self {
        case .noHead(let after): HTTPError(.timeout, "\(label): no answer within \(after)")
        case .stalled(let duration):
            HTTPError(.idle, "\(label): nothing moved for \(duration), after \(received) bytes of the answer")
        case .tooSlow(let floor):
            HTTPError(
                .idle,
                "\(label): less than \(floor.bytesPerSecond) bytes a second for \(floor.over), after \(received) bytes")
        }
    }
}
