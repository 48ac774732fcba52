internal import FoundationEssentials
package import Logging

/// Writes each message as one line: `message key=value …`, whatever the values hold.
///
/// For a terminal or a file a line begins with time, level and part. The journal keeps the time itself and takes the level from a prefix
/// (sd-daemon(3)), so that `journalctl -p warning` finds what it should.
package struct LineLogHandler: LogHandler {
    package enum Format: Sendable {
        case plain
        case journal
    }

    package var metadata: Logger.Metadata = [:]
    package var metadataProvider: Logger.MetadataProvider?
    private let part: String
    private let levels: LogLevels
    private let format: Format
    private let write: @Sendable (String) -> Void
    /// Of this copy alone, if somebody set it.
    private var ownLevel: Logger.Level?

    /// - Parameters:
    ///   - part: of the program, by its name in `levels`.
    ///   - write: takes one line with its line feed, from any thread.
    package init(_ part: String, _ levels: LogLevels, _ format: Format, write: @escaping @Sendable (String) -> Void) {
        self.part = part
        self.levels = levels
        self.format = format
        self.write = write
    }

    package var logLevel: Logger.Level {
        get { ownLevel ?? levels[part] }
        set { ownLevel = newValue }
    }

    package subscript(metadataKey key: String) -> Logger.Metadata.Value? {
        get { metadata[key] }
        set { metadata[key] = newValue }
    }

    package func log(event: LogEvent) {
        var all = metadata
        if let provided = metadataProvider?.get() { all.merge(provided) { $1 } }
        if let own = event.metadata { all.merge(own) { $1 } }
        if let error = event.error { all["error"] = "\(error)" }
        let fields = all.sorted { $0.key < $1.key }.map { " \($0.key)=\(Self.quoted($0.value.description))" }
        write("\(prefix(event.level))\(Self.escaped(event.message.description))\(fields.joined())\n")
    }

    private func prefix(_ level: Logger.Level) -> String {
        switch format {
        case .journal: "<\(level.priority)>\(part): "
        case .plain: "\(Date.now.formatted(Self.time)) \(level.rawValue) \(part): "
        }
    }

    private static let time = Date.ISO8601FormatStyle(includingFractionalSeconds: true)

    /// As it is if it is one word; else in quotes.
    static func quoted(_ value: String) -> String {
        let isWord = value.utf8.allSatisfy {
            $0 > 0x20 && $0 != 0x7F && $0 != UInt8(ascii: "\"") && $0 != UInt8(ascii: "\\")
        }
        if isWord, !value.isEmpty { return value }
        let inner = value.replacing("\\", with: "\\\\").replacing("\"", with: "\\\"")
        return "\"\(escaped(inner))\""
    }

    /// Control characters spelled out: text from outside can neither begin a line of its own nor move a terminal's cursor.
    static func escaped(_ text: String) -> String {
        guard text.unicodeScalars.contains(where: isControl) else { return text }
        var result = ""
        for scalar in text.unicodeScalars {
            switch scalar {
            case "\n": result += "\\n"
            case "\t": result += "\\t"
            case _ where isControl(scalar): result += "\\u{\(String(scalar.value, radix: 16))}"
            default: result.unicodeScalars.append(scalar)
            }
        }
        return result
    }

    private static func isControl(_ scalar: Unicode.Scalar) -> Bool {
        // Line and paragraph separators are line ends to some readers.
        scalar.properties.generalCategory == .control || scalar.value == 0x2028 || scalar.value == 0x2029
    }
}

extension Logger.Level {
    /// Of syslog(3), which the journal uses.
    fileprivate var priority: Int {
        switch self {
        case .trace, .debug: 7
        case .info: 6
        case .notice: 5
        case .warning: 4
        case .error: 3
        case .critical: 2
        }
    }
}
