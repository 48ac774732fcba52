/// Parses TOML 1.0 into tables that keep their order. Total: any text gives a table or an error with line and column.
struct TOMLParser {
    /// Most keys in a path and levels of nesting.
    static let depthLimit = 32

    private let bytes: [UInt8]
    private var position = 0

    init(_ text: String) { bytes = Array(text.utf8) }

    mutating func document() throws(TOMLError) -> TOMLTable {
        var root = TOMLTable()
        var current: [String] = []
        while true {
            skipLines()
            guard let byte = peek else { return root }
            if byte == UInt8(ascii: "[") {
                current = try header(&root)
            } else {
                try pair(&root, below: current)
            }
            skipBlanks()
            skipComment()
            guard peek == nil || peek == 0x0A || isAt("\r\n") else { throw error("expected the end of the line") }
        }
    }

    private mutating func header(_ root: inout TOMLTable) throws(TOMLError) -> [String] {
        let isArray = isAt("[[")
        position += isArray ? 2 : 1
        let path = try keyPath()
        guard isAt(isArray ? "]]" : "]") else { throw error("a table header must end with ']'") }
        position += isArray ? 2 : 1
        guard let last = path.last else { throw error("a table header must name a table") }
        let isNew =
            if isArray { root.update(path.dropLast()) { $0.appendTable(last) } } else {
                root.update(path[...]) { table in
                    defer { table.hasHeader = true }
                    return !table.hasHeader
                }
            }
        guard isNew else { throw error("the table '\(path.joined(separator: "."))' cannot begin here again") }
        return path
    }

    private mutating func pair(_ root: inout TOMLTable, below current: [String]) throws(TOMLError) {
        let path = try keyPath()
        let node = try assigned(depth: 0)
        let isNew = root.update((current + path.dropLast())[...]) { $0.add(path.last ?? "", node) }
        guard isNew else { throw error("the key '\(path.joined(separator: "."))' is there already") }
    }

    private mutating func assigned(depth: Int) throws(TOMLError) -> TOMLNode {
        skipBlanks()
        guard peek == UInt8(ascii: "=") else { throw error("expected '='") }
        position += 1
        skipBlanks()
        return try value(depth: depth)
    }

    /// `a."b c".d`
    private mutating func keyPath() throws(TOMLError) -> [String] {
        var path: [String] = []
        repeat {
            skipBlanks()
            switch peek {
            case UInt8(ascii: "\""), UInt8(ascii: "'"):
                guard !isAt("\"\"\""), !isAt("'''") else { throw error("a key cannot run over lines") }
                path.append(try string())
            default:
                let key = take { Self.isBareKey($0) }
                guard !key.isEmpty else { throw error("expected a key") }
                path.append(key)
            }
            guard path.count <= Self.depthLimit else { throw error("more than \(Self.depthLimit) levels") }
            skipBlanks()
        } while accept(UInt8(ascii: "."))
        return path
    }

    private mutating func value(depth: Int) throws(TOMLError) -> TOMLNode {
        guard depth < Self.depthLimit else { throw error("more than \(Self.depthLimit) levels") }
        switch peek {
        case UInt8(ascii: "\""), UInt8(ascii: "'"): return .string(try string())
        case UInt8(ascii: "["): return try array(depth: depth)
        case UInt8(ascii: "{"): return try inlineTable(depth: depth)
        default:
            let word = take {
                Self.isBareKey($0) || $0 == UInt8(ascii: "+") || $0 == UInt8(ascii: ".") || $0 == UInt8(ascii: ":")
            }
            switch word {
            case "true": return .bool(true)
            case "false": return .bool(false)
            case "inf", "nan", "+inf", "-inf", "+nan", "-nan": return .other(word)
            default:
                guard let first = word.utf8.first, Self.isDigit(first) || "+-".utf8.contains(first),
                    word.utf8.contains(where: Self.isDigit)
                else { throw error("expected a value; text must stand in quotes") }
                var word = word
                // A date may be parted from its time by a blank.
                if word.utf8.count == 10, peek == 0x20, position + 1 < bytes.count, Self.isDigit(bytes[position + 1]) {
                    position += 1
                    word +=
                        " "
                        + take {
                            Self.isBareKey($0)
                                || [UInt8(ascii: "+"), UInt8(ascii: "."), UInt8(ascii: ":")].contains($0)
                        }
                }
                return .other(word)
            }
        }
    }

    private mutating func array(depth: Int) throws(TOMLError) -> TOMLNode {
        position += 1
        var items: [TOMLNode] = []
        while true {
            skipLines()
            if accept(UInt8(ascii: "]")) { return .array(items) }
            items.append(try value(depth: depth + 1))
            skipLines()
            guard accept(UInt8(ascii: ",")) || peek == UInt8(ascii: "]") else { throw error("expected ',' or ']'") }
        }
    }

    private mutating func inlineTable(depth: Int) throws(TOMLError) -> TOMLNode {
        position += 1
        var table = TOMLTable()
        skipBlanks()
        if accept(UInt8(ascii: "}")) {
            table.isInline = true
            return .table(table)
        }
        repeat {
            let path = try keyPath()
            let node = try assigned(depth: depth + 1)
            guard table.update(path.dropLast(), { $0.add(path.last ?? "", node) }) else {
                throw error("the key '\(path.joined(separator: "."))' is there already")
            }
            skipBlanks()
        } while accept(UInt8(ascii: ","))
        guard accept(UInt8(ascii: "}")) else { throw error("expected ',' or '}'") }
        table.isInline = true
        return .table(table)
    }

    private mutating func string() throws(TOMLError) -> String {
        var reader = TOMLStringReader(bytes: bytes, position: position)
        let text = reader.read()
        position = reader.position
        guard let text else { throw error("a string that does not end, or holds what a string may not") }
        return text
    }

    // MARK: Bytes

    private var peek: UInt8? { position < bytes.count ? bytes[position] : nil }

    private func isAt(_ text: StaticString) -> Bool {
        let wanted = Array(text.description.utf8)
        return position + wanted.count <= bytes.count && bytes[position..<position + wanted.count].elementsEqual(wanted)
    }

    private mutating func accept(_ byte: UInt8) -> Bool {
        guard peek == byte else { return false }
        position += 1
        return true
    }

    private mutating func take(_ condition: (UInt8) -> Bool) -> String {
        let start = position
        while let byte = peek, condition(byte) { position += 1 }
        return String(decoding: bytes[start..<position], as: UTF8.self)
    }

    private mutating func skipBlanks() { while peek == 0x20 || peek == 0x09 { position += 1 } }

    private mutating func skipComment() {
        guard peek == UInt8(ascii: "#") else { return }
        while let byte = peek, byte != 0x0A { position += byte == 0x0A ? 0 : 1 }
    }

    /// Blanks, comments and ends of lines.
    private mutating func skipLines() {
        while let byte = peek, [0x20, 0x09, 0x0A, 0x0D, UInt8(ascii: "#")].contains(byte) {
            if byte == UInt8(ascii: "#") { skipComment() } else { position += 1 }
        }
    }

    private func error(_ why: String) -> TOMLError {
        let before = bytes[..<min(position, bytes.count)]
        let line = before.count { $0 == 0x0A } + 1
        let column = before.count - (before.lastIndex(of: 0x0A).map { $0 + 1 } ?? 0) + 1
        return TOMLError(line: line, column: column, problem: why)
    }

    private static func isDigit(_ byte: UInt8) -> Bool { (0x30...0x39).contains(byte) }

    private static func isBareKey(_ byte: UInt8) -> Bool {
        isDigit(byte) || (0x41...0x5A).contains(byte) || (0x61...0x7A).contains(byte) || byte == UInt8(ascii: "_")
            || byte == UInt8(ascii: "-")
    }
}
