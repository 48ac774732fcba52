internal import TOMLKit

/// A TOML document as plain values, for reading with errors that name the key.
indirect enum TOMLNode: Sendable {
    case string(String)
    case bool(Bool)
    case array([TOMLNode])
    case table([String: TOMLNode])
    case other

    /// The members of a document.
    /// - Throws: `RegistryError` naming line and column.
    static func table(parsing text: String) throws(RegistryError) -> [String: TOMLNode] {
        do {
            return members(try TOMLTable(string: text))
        } catch let error as TOMLParseError {
            let at = error.source.begin
            throw RegistryError(.invalidConfiguration, "line \(at.line), column \(at.column): \(error.description)")
        } catch {
            throw RegistryError(.invalidConfiguration, "not TOML")
        }
    }

    private static func members(_ table: TOMLTable) -> [String: TOMLNode] {
        var result: [String: TOMLNode] = [:]
        for (key, value) in table { result[key] = convert(value) }
        return result
    }

    private static func convert(_ value: any TOMLValueConvertible) -> TOMLNode {
        if let text = value.string { return .string(text) }
        if let bool = value.bool { return .bool(bool) }
        if let table = value.table { return .table(members(table)) }
        if let array = value.array { return .array(array.map { convert($0) }) }
        return .other
    }
}

/// The order in which the tables of a TOML document begin, which the parser does not keep.
enum TOMLOrder {
    /// Second keys of headers `[first."second"…]`, in file order, without repeats. Strings and comments are passed over; where the
    /// order cannot be seen (inline tables) the key is left out.
    static func keys(below first: String, in text: String) -> [String] {
        var keys: [String] = []
        var scanner = TOMLScanner(text)
        while let path = scanner.nextHeader() {
            guard path.count >= 2, path[0] == first, !keys.contains(path[1]) else { continue }
            keys.append(path[1])
        }
        return keys
    }
}

/// Finds table headers at the beginnings of lines, outside strings. It runs only on text that a parser has accepted.
private struct TOMLScanner {
    private let bytes: [UInt8]
    private var position = 0

    init(_ text: String) { bytes = Array(text.utf8) }

    mutating func nextHeader() -> [String]? {
        while position < bytes.count {
            skipBlanks()
            if peek == UInt8(ascii: "["), let path = header() { return path }
            skipLine()
        }
        return nil
    }

    private var peek: UInt8? { position < bytes.count ? bytes[position] : nil }

    private mutating func skipBlanks() {
        while let byte = peek, byte == 0x20 || byte == 0x09 || byte == 0x0D || byte == 0x0A { position += 1 }
    }

    /// To the end of the line, or of the value if a string or array runs over several lines.
    private mutating func skipLine() {
        var depth = 0
        while let byte = peek {
            switch byte {
            case UInt8(ascii: "\""), UInt8(ascii: "'"): _ = string()
            case UInt8(ascii: "#"): while let byte = peek, byte != 0x0A { _ = byte; position += 1 }
            case UInt8(ascii: "["), UInt8(ascii: "{"):
                depth += 1
                position += 1
            case UInt8(ascii: "]"), UInt8(ascii: "}"):
                depth -= 1
                position += 1
            case 0x0A where depth <= 0:
                position += 1
                return
            default: position += 1
            }
        }
    }

    private mutating func header() -> [String]? {
        position += 1
        if peek == UInt8(ascii: "[") { position += 1 }
        var path: [String] = []
        while let byte = peek {
            switch byte {
            case 0x20, 0x09, UInt8(ascii: "."): position += 1
            case UInt8(ascii: "]"): return path
            case UInt8(ascii: "\""), UInt8(ascii: "'"): path.append(string())
            case 0x0A: return nil
            default:
                let start = position
                while let byte = peek, ![0x20, 0x09, 0x0A, UInt8(ascii: "."), UInt8(ascii: "]")].contains(byte) {
                    position += 1
                }
                path.append(String(decoding: bytes[start..<position], as: UTF8.self))
            }
        }
        return nil
    }

    /// A string of any of the four kinds; escapes other than of the quote and the backslash are not in URLs and are kept as they stand.
    private mutating func string() -> String {
        let quote = bytes[position]
        let isLong = position + 2 < bytes.count && bytes[position + 1] == quote && bytes[position + 2] == quote
        let mark = isLong ? 3 : 1
        position += mark
        var text: [UInt8] = []
        while position < bytes.count {
            let rest = bytes[position...].prefix(mark)
            if rest.count == mark, rest.allSatisfy({ $0 == quote }) { break }
            if quote == UInt8(ascii: "\""), bytes[position] == UInt8(ascii: "\\"), position + 1 < bytes.count {
                position += 1
            }
            text.append(bytes[position])
            position += 1
        }
        position = min(position + mark, bytes.count)
        return String(decoding: text, as: UTF8.self)
    }
}
