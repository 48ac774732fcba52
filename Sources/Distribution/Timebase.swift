/// The passing of time as a parameter: a monotonic reading and a way to wait.
package struct Timebase: Sendable {
    /// Time since some fixed moment.
    package let now: @Sendable () -> Duration
    package let sleep: @Sendable (Duration) async throws -> Void

    package init(_ clock: some Clock<Duration>) {
        let start = clock.now
        now = { start.duration(to: clock.now) }
        sleep = { try await clock.sleep(until: clock.now.advanced(by: $0), tolerance: nil) }
    }

    package init(now: @escaping @Sendable () -> Duration, sleep: @escaping @Sendable (Duration) async throws -> Void) {
        self.now = now
        self.sleep = sleep
    }

    /// Goes on while the machine sleeps, since tokens and signed URLs age then, too.
    package static var continuous: Timebase { Timebase(ContinuousClock()) }
}
