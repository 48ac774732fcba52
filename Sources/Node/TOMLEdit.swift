internal import TOML

/// Sets values in the text of a TOML file by blocks of our own, leaving all else as it stands: comments, order, layout.
struct TOMLEdit {
    private var lines: [String]

    init(_ text: String) { lines = text.split(separator: "\n", omittingEmptySubsequences: false).map(String.init) }

    var text: String { lines.joined(separator: "\n") }

    /// `text` with `settings` in force.
    /// - Returns: nil if the text cannot be edited by lines so that it says just that much more: tables written in braces or by dotted
    ///   keys, text over several lines that looks like keys.
    static func applying(_ settings: TOMLSettings, to text: String) -> String? {
        var edit = TOMLEdit(text)
        for table in settings.tables { edit.set(table) }
        guard let before = try? TOMLTable(parsing: text).leaves, let after = try? TOMLTable(parsing: edit.text).leaves,
            MarkedBlock.removeAll(from: edit.text) == text
        else { return nil }
        var wanted = before
        for table in settings.tables {
            for key in table.keys { wanted[table.path + [key.name]] = key.value.node }
        }
        return after == wanted ? edit.text : nil
    }

    /// `text` with one more root key, or another value of it.
    /// - Parameter literal: the value as TOML.
    static func settingRoot(_ name: String, _ literal: String, in text: String) -> String? {
        var edit = TOMLEdit(text)
        let root = edit.lines.indices.prefix { !Self.isHeader(edit.lines[$0]) }
        let new = "\(name) = \(literal)"
        if let place = root.first(where: { Self.key(of: edit.lines[$0]) == name }) {
            edit.lines.replaceSubrange(
                place...place, with: MarkedBlock(replaced: [edit.lines[place]], lines: [new]).text)
        } else {
            edit.lines.insert(contentsOf: MarkedBlock(lines: [new]).text, at: 0)
        }
        guard let before = try? TOMLTable(parsing: text).leaves, let after = try? TOMLTable(parsing: edit.text),
            let value = try? TOMLTable(parsing: new)[name], MarkedBlock.removeAll(from: edit.text) == text
        else { return nil }
        var wanted = before
        wanted[[name]] = value
        return after.leaves == wanted ? edit.text : nil
    }

    private mutating func set(_ table: TOMLSettings.Table) {
        guard let header = lines.firstIndex(where: { Self.path(of: $0) == table.path }) else { return append(table) }
        var missing: [String] = []
        for (key, line) in zip(table.keys, table.lines).reversed() {
            // Each block that is put in moves the end of the table.
            let end = lines[(header + 1)...].firstIndex(where: Self.isHeader) ?? lines.count
            if let place = value(of: key.name, in: header..<end) {
                lines.replaceSubrange(place, with: MarkedBlock(replaced: Array(lines[place]), lines: [line]).text)
            } else {
                missing.insert(line, at: 0)
            }
        }
        if !missing.isEmpty { lines.insert(contentsOf: MarkedBlock(lines: missing).text, at: header + 1) }
    }

    /// The lines that hold a key and its whole value, which may be a list over several.
    private func value(of name: String, in table: Range<Int>) -> ClosedRange<Int>? {
        for first in table.reversed() where !Self.isHeader(lines[first]) {
            guard lines[first].split(separator: "=").first?.filter({ !" \t\"'".contains($0) }) == name else { continue }
            for last in first..<min(table.upperBound, first + Self.longestValue) {
                let text = lines[first...last].joined(separator: "\n")
                if let parsed = try? TOMLTable(parsing: text), parsed.names == [name] { return first...last }
            }
        }
        return nil
    }

    private static let longestValue = 256

    private mutating func append(_ table: TOMLSettings.Table) {
        let block = MarkedBlock(lines: [table.header] + table.lines).text
        // The empty piece behind the last line end stays the last one.
        lines.insert(contentsOf: block, at: lines.last?.isEmpty == true ? lines.count - 1 : lines.count)
    }

    private static func isHeader(_ line: String) -> Bool { line.drop { $0 == " " || $0 == "\t" }.first == "[" }

    /// The path of a table's header.
    private static func path(of line: String) -> [String]? {
        guard isHeader(line), var table = try? TOMLTable(parsing: line) else { return nil }
        var path: [String] = []
        while let name = table.names.first {
            guard case .table(let inner)? = table[name] else { return nil }
            path.append(name)
            table = inner
        }
        return path
    }

    /// The key of a line that holds one key and its whole value.
    private static func key(of line: String) -> String? {
        guard !isHeader(line), let table = try? TOMLTable(parsing: line), table.names.count == 1 else { return nil }
        return table.names.first
    }
}
