internal import Logging
internal import Synchronization
internal import Telemetry

/// Lets a line through now and then; a pure value.
package struct LogLimit {
    package static let interval = Duration.seconds(5)
    private var last: ContinuousClock.Instant?
    private var suppressed = 0

    package init() {}

    /// - Returns: how many lines were held back since the last one; nil if this one is to be held back.
    package mutating func admit(at now: ContinuousClock.Instant) -> Int? {
        if let last, now < last.advanced(by: Self.interval) {
            suppressed += 1
            return nil
        }
        last = now
        defer { suppressed = 0 }
        return suppressed
    }
}

/// Tells why readers get EIO: the reader itself learns only the number.
final class ReadErrorLog: Sendable {
    private let logger: Logger
    private let failures: Counter
    private let limit = Mutex(LogLimit())

    /// - Parameter failures: counts every one, also those that the log leaves out.
    init(_ logger: Logger, failures: Counter = Counter()) {
        self.logger = logger
        self.failures = failures
    }

    /// - Parameter path: in the layer; only worked out if the line is written.
    func note(_ error: any Error, slot: UInt32, path: @autoclosure () -> String) {
        failures.add()
        guard let suppressed = limit.withLock({ $0.admit(at: .now) }) else { return }
        logger.error(
            "a read of a layer failed",
            metadata: [
                "layer.slot": "\(slot)", "file.path": "\(path())", "error": "\(error)",
                "suppressed": "\(suppressed)",
            ])
    }
}
