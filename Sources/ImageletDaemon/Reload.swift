internal import Config
internal import Layers
internal import Logging
internal import UnixSignals

/// Reads the configuration again, on SIGHUP and when it is asked to, and puts into force what can change while the daemon runs.
struct Reload: Sendable {
    let configuration: LiveConfiguration
    let log: DaemonLog
    let store: LayerStore

    /// Until cancelled.
    func run() async {
        for await _ in await UnixSignalsSequence(trapping: .sighup) { _ = try? now() }
    }

    /// Other levels of log lines until the next reading.
    func setLogLevels(_ levels: ImageletConfiguration.Log) {
        var before = configuration.value
        before.log = log.configuration
        var after = before
        after.log = levels
        let changes = after.changes(since: before)
        guard !changes.isEmpty else { return }
        log.logger(.daemon).notice(
            "log levels changed", metadata: ["log.levels": "\(changes.map(\.description).joined(separator: ", "))"])
        log.apply(levels)
    }

    /// - Throws: what is wrong with the files; then the old configuration stays in force.
    func now() throws -> LiveConfiguration.Reading {
        let logger = log.logger(.daemon)
        let reading: LiveConfiguration.Reading
        do {
            reading = try configuration.readAgain()
        } catch {
            logger.error("configuration not read again; the old one stays in force", metadata: ["error": "\(error)"])
            throw error
        }
        // Before: the new levels may leave it out.
        logger.notice(
            "configuration read again",
            metadata: [
                "config.inForce": "\(reading.inForce.map(\.description).joined(separator: ", "))",
                "config.needsRestart": "\(reading.needsRestart.map(\.description).joined(separator: ", "))",
            ])
        log.apply(configuration.value.log)
        store.adjust { $0.take(configuration.value) }
        return reading
    }
}
