internal import Yams

/// Turns the text of one file into settings. Total: any text gives a value or an error, in bounded time and memory.
struct SettingReader {
    /// Far above any configuration, far below what hurts.
    static let maximumFileSize = 1 << 20
    private static let maximumDepth = 16
    private static let maximumCount = 10_000
    private static let maximumAliases = 16

    private let file: String
    private var count = 0

    private init(file: String) { self.file = file }

    static func read(_ text: String, file: String) throws(ConfigError) -> Setting {
        guard text.utf8.count <= maximumFileSize else {
            throw ConfigError(.unreadable, file: file, "larger than \(ByteCount(Int64(maximumFileSize)))")
        }
        // Composing shares aliased nodes, but hashes the keys of maps whole: a bomb hidden in keys needs many aliases.
        guard aliasCount(text) <= maximumAliases else { throw aliasError(file, line: nil) }
        let parser: Parser
        let node: Node?
        do {
            parser = try Parser(yaml: text, encoding: .utf8)
            node = try parser.singleRoot()
        } catch {
            throw syntaxError(error, file: file)
        }
        // Nodes know their anchors only as long as the parser lives.
        return try withExtendedLifetime(parser) { () throws(ConfigError) in
            guard let node else {
                return Setting(content: .scalar("", isPlain: true), file: file, line: nil, key: "")
            }
            var reader = SettingReader(file: file)
            return try reader.setting(node, line: node.mark?.line, key: "", depth: 0)
        }
    }

    private mutating func setting(
        _ node: Node, line: Int?, key: String, depth: Int
    ) throws(ConfigError) -> Setting {
        count += 1
        guard depth <= Self.maximumDepth, count <= Self.maximumCount else {
            throw ConfigError(
                .syntax, file: file, line: line,
                "too much: at most \(Self.maximumCount) values and \(Self.maximumDepth) levels are read")
        }
        guard node.anchor == nil else { throw Self.aliasError(file, line: line) }
        let content: Setting.Content
        switch node {
        case .alias: throw Self.aliasError(file, line: line)
        case .scalar(let scalar): content = .scalar(scalar.string, isPlain: scalar.style == .plain)
        case .sequence(let sequence):
            var list: [Setting] = []
            for (position, element) in sequence.enumerated() {
                let path = "\(key)[\(position)]"
                list.append(try setting(element, line: element.mark?.line ?? line, key: path, depth: depth + 1))
            }
            content = .list(list)
        case .mapping(let mapping):
            var entries: [Setting.Entry] = []
            for (name, value) in mapping {
                let line = name.mark?.line ?? line
                guard name.anchor == nil else { throw Self.aliasError(file, line: line) }
                guard case .scalar(let scalar) = name else {
                    throw ConfigError(.syntax, file: file, line: line, key: key, "a key must be a word")
                }
                let path = key.isEmpty ? scalar.string : "\(key).\(scalar.string)"
                let value = try setting(value, line: line, key: String(path.prefix(200)), depth: depth + 1)
                entries.append(Setting.Entry(key: scalar.string, value: value))
            }
            content = .map(entries)
        }
        return Setting(content: content, file: file, line: line, key: key)
    }

    /// How many words look like aliases (`*name`), in comments and quoted text, too.
    private static func aliasCount(_ text: String) -> Int {
        var count = 0
        var beginsWord = true
        var afterStar = false
        for byte in text.utf8 {
            let isSpace = byte == 0x20 || byte == 0x09 || byte == 0x0A || byte == 0x0D
            if afterStar, !isSpace, byte != UInt8(ascii: "*") { count += 1 }
            afterStar = beginsWord && byte == UInt8(ascii: "*")
            beginsWord = isSpace || [0x5B, 0x7B, 0x2C, 0x3A, 0x3F, 0x2D].contains(byte)
        }
        return count
    }

    private static func aliasError(_ file: String, line: Int?) -> ConfigError {
        ConfigError(
            .syntax, file: file, line: line,
            "anchors and aliases (&name, *name) are not read: write the value out, quote text beginning with * or &"
        )
    }

    private static func syntaxError(_ error: any Error, file: String) -> ConfigError {
        switch error as? YamlError {
        case .scanner(_, let problem, let mark, _), .parser(_, let problem, let mark, _),
            .composer(_, let problem, let mark, _):
            return ConfigError(.syntax, file: file, line: mark.line, "not YAML: \(problem)")
        case .duplicatedKeysInMapping(let duplicates, let context):
            let keys = duplicates.prefix(5).map { "'\($0.prefix(80))'" }.joined(separator: ", ")
            return ConfigError(.syntax, file: file, line: context.mark.line, "\(keys) stands twice in one map")
        case .reader(let problem, _, _, _):
            return ConfigError(.syntax, file: file, "not YAML: \(problem)")
        default:
            return ConfigError(.syntax, file: file, "not YAML: \(String(describing: error).prefix(200))")
        }
    }
}
