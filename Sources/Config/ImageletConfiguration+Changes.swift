/// A key whose value is another one now.
package struct KeyChange: Sendable, Equatable, CustomStringConvertible {
    /// From the top, as documentation names it.
    package let path: String
    /// In one line, shortened if it is long.
    package let old: String
    package let new: String
    /// Whether a running daemon follows; else it takes a restart.
    package let isLive: Bool

    package var description: String { "\(path) (\(old) → \(new))" }
}

extension ImageletConfiguration {
    /// The keys whose values differ, in the file's order; a list counts as one value.
    package func changes(since earlier: ImageletConfiguration) -> [KeyChange] {
        let (before, after) = (earlier.rendering, rendering)
        return Self.documentation.compactMap { key in
            let names = key.path.split(separator: ".").map(String.init)
            guard let old = before.value(at: names[...]), let new = after.value(at: names[...]), !new.isMap,
                old.line != new.line
            else { return nil }
            return KeyChange(path: key.path, old: old.shortLine, new: new.shortLine, isLive: key.isLive)
        }
    }
}

extension Rendering {
    fileprivate var isMap: Bool {
        guard case .map = self else { return false }
        return true
    }

    /// As YAML writes it within one line, quotes aside.
    fileprivate var line: String {
        switch self {
        case .scalar(let text, _): text
        case .list(let elements): "[\(elements.map(\.line).joined(separator: ", "))]"
        case .map(let entries): "{\(entries.map { "\($0.0): \($0.1.line)" }.joined(separator: ", "))}"
        }
    }

    fileprivate var shortLine: String { line.count > 120 ? line.prefix(119) + "…" : line }
}
