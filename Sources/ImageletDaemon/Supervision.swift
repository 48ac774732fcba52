internal import Linux
internal import Logging

/// Tells the service manager that the daemon is ready, and then, as often as it wants to hear it, that it is not stuck.
struct Supervision<C: Clock<Duration>>: Sendable {
    /// How often the manager wants a sign; nil: never.
    let interval: Duration?
    /// Whether the daemon's own threads move. It runs on the cooperative pool, which must move as well for this to be asked.
    let isAlive: @Sendable () -> Bool
    let tell: @Sendable (ServiceNotice) -> Void
    let clock: C

    /// Until cancelled.
    func run() async {
        tell(.ready)
        defer { tell(.stopping) }
        guard let interval else { return await waitForCancellation(by: clock) }
        // Three chances within the interval.
        while (try? await clock.sleep(for: interval / 3)) != nil {
            if isAlive() { tell(.alive) }
        }
    }
}

extension Supervision where C == ContinuousClock {
    init(_ service: ServiceEnvironment, logger: Logger, isAlive: @escaping @Sendable () -> Bool) {
        let manager = service.notifySocket.flatMap { path in
            do {
                return try MessageSocket(connectingTo: path, .datagrams)
            } catch {
                logger.warning("service manager not reached", metadata: ["error": "\(error)"])
                return nil
            }
        }
        interval = service.watchdogInterval
        self.isAlive = isAlive
        tell = { notice in _ = try? manager?.send(MessageSocket.Message(notice.bytes)) }
        clock = ContinuousClock()
    }
}
