/// One value of a configuration file with the place it came from: YAML without anchors, tags and types.
struct Setting: Sendable {
    enum Content: Sendable {
        /// Text as written. `isPlain` if it stood without quotes: only then can it be a null, a boolean or a number.
        case scalar(String, isPlain: Bool)
        case list([Setting])
        case map([Entry])
    }

    struct Entry: Sendable {
        let key: String
        var value: Setting
    }

    var content: Content
    let file: String
    let line: Int?
    /// The key from the top, as errors name it.
    let key: String

    func error(_ code: ConfigError.Code, _ problem: String) -> ConfigError {
        ConfigError(code, file: file, line: line, key: key, problem)
    }

    /// Nothing was written after the colon, or null.
    var isNull: Bool {
        guard case .scalar(let text, isPlain: true) = content else { return false }
        return ["", "~", "null", "Null", "NULL"].contains(text)
    }

    /// What stands here, for an error message.
    var summary: String {
        switch content {
        case .list: "a list"
        case .map: "a map"
        case .scalar(let text, _): isNull ? "nothing" : text.count > 80 ? "'\(text.prefix(80))…'" : "'\(text)'"
        }
    }

    /// This value with `other` laid over it: maps merge key by key, everything else is replaced. A map or list is not
    /// replaced by nothing: that is what remains of one whose lines were all commented out.
    func merged(with other: Setting) -> Setting {
        switch content {
        case .map where other.isNull, .list where other.isNull: return self
        default: break
        }
        guard case .map(var entries) = content, case .map(let others) = other.content else { return other }
        for entry in others {
            if let position = entries.firstIndex(where: { $0.key == entry.key }) {
                entries[position].value = entries[position].value.merged(with: entry.value)
            } else {
                entries.append(entry)
            }
        }
        var result = self
        result.content = .map(entries)
        return result
    }
}
