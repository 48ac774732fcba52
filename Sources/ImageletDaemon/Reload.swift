internal import Config
internal import Logging
internal import UnixSignals

/// Reads the configuration again on SIGHUP and puts into force what can change while the daemon runs: the levels of log lines.
struct Reload: Sendable {
    /// In force since the last reading.
    let configuration: ImageletConfiguration
    let read: @Sendable () throws -> ImageletConfiguration
    let log: DaemonLog

    /// Keys that do not need a restart begin with this.
    private static let liveKeys = "log."

    /// Until cancelled.
    func run() async {
        let logger = log.logger(.daemon)
        var current = configuration
        for await _ in await UnixSignalsSequence(trapping: .sighup) {
            do {
                let new = try read()
                let keys = new.keysChanged(from: current)
                // Before: the new levels may leave it out.
                logger.notice(
                    "configuration read again",
                    metadata: [
                        "config.inForce": "\(keys.filter { $0.hasPrefix(Self.liveKeys) }.joined(separator: ", "))",
                        "config.needsRestart":
                            "\(new.keysChanged(from: configuration).filter { !$0.hasPrefix(Self.liveKeys) }.joined(separator: ", "))",
                    ])
                log.apply(new.log)
                current = new
            } catch {
                logger.error(
                    "configuration not read again; the old one stays in force", metadata: ["error": "\(error)"])
            }
        }
    }
}
