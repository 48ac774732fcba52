package import Logging
internal import Synchronization

/// How important a line must be to be written, for each part of a program; may change while it runs.
package final class LogLevels: Sendable {
    package struct Levels: Sendable {
        package var usual: Logger.Level
        /// Of parts that differ.
        package var parts: [String: Logger.Level]
    }

    private let state: Mutex<Levels>

    /// - Parameter parts: levels of parts that differ from the usual one.
    package init(_ usual: Logger.Level, parts: [String: Logger.Level] = [:]) {
        state = Mutex(Levels(usual: usual, parts: parts))
    }

    /// Holds for every logger made with these levels, from the next line on.
    package func set(_ usual: Logger.Level, parts: [String: Logger.Level]) {
        state.withLock { $0 = Levels(usual: usual, parts: parts) }
    }

    package var current: Levels { state.withLock { $0 } }

    package subscript(part: String) -> Logger.Level { state.withLock { $0.parts[part] ?? $0.usual } }
}
