package import Config
internal import Linux
package import Logging
internal import Telemetry

/// Where the daemon's lines go, and which of them are written.
package struct DaemonLog: Sendable {
    private let levels: LogLevels
    private let format: LineLogHandler.Format
    private let write: @Sendable (String) -> Void

    /// - Parameter write: takes one line with its line feed, from any thread: standard error.
    package init(_ configuration: ImageletConfiguration.Log, write: @escaping @Sendable (String) -> Void) {
        levels = LogLevels(configuration.usual, parts: configuration.parts)
        format = Self.isJournal ? .journal : .plain
        self.write = write
    }

    package func logger(_ part: ImageletConfiguration.Levels.Part) -> Logger {
        Logger(label: part.rawValue) { [levels, format, write] in LineLogHandler($0, levels, format, write: write) }
    }

    /// Other levels from now on.
    func apply(_ configuration: ImageletConfiguration.Log) {
        levels.set(configuration.usual, parts: configuration.parts)
    }

    /// What is written now, in the configuration's words.
    var configuration: ImageletConfiguration.Log {
        let current = levels.current
        var log = ImageletConfiguration.Log()
        log.level = ImageletConfiguration.Log.Level(current.usual)
        for part in ImageletConfiguration.Levels.Part.allCases {
            log.levels[part] = current.parts[part.rawValue].map { ImageletConfiguration.Log.Level($0) }
        }
        return log
    }

    /// Whether standard error is the journal's (systemd.exec(5), `$JOURNAL_STREAM`): then its device and inode stand
    /// there.
    private static var isJournal: Bool {
        guard let stream = ProcessIdentity.environment["JOURNAL_STREAM"], let status = FileStatus.ofStandardError else {
            return false
        }
        return stream == "\(status.device):\(status.inode)"
    }
}

extension ImageletConfiguration.Log {
    fileprivate var usual: Logger.Level { Logger.Level(level) }

    fileprivate var parts: [String: Logger.Level] {
        Dictionary(uniqueKeysWithValues: levels.parts.map { ($0.key.rawValue, Logger.Level($0.value)) })
    }
}

extension Logger.Level {
    fileprivate init(_ level: ImageletConfiguration.Log.Level) {
        self =
            switch level {
            case .trace: .trace
            case .debug: .debug
            case .info: .info
            case .notice: .notice
            case .warning: .warning
            case .error: .error
            case .critical: .critical
            }
    }
}

extension ImageletConfiguration.Log.Level {
    fileprivate init(_ level: Logger.Level) {
        self =
            switch level {
            case .trace: .trace
            case .debug: .debug
            case .info: .info
            case .notice: .notice
            case .warning: .warning
            case .error: .error
            case .critical: .critical
            }
    }
}
