/// Reads one filter:
///
///     selectors := selector ("," selector)*          blanks may stand between all parts
///     selector  := path [operator value]
///     path      := field ("." field)*
///     field     := quoted | [A-Za-z0-9_]+
///     operator  := "==" | "!=" | "~="
///     value     := quoted | [^\s,]+
///     quoted    := "…" with the escapes of Go's strings; behind "~=" also /…/ and |…|
struct FilterParser {
    let bytes: [UInt8]
    var position = 0

    init(_ bytes: [UInt8]) { self.bytes = bytes }

    mutating func selectors() throws(FilterError) -> [Selector] {
        // The one text without a selector.
        if bytes.isEmpty { return [] }
        var selectors = [try selector()]
        while true {
            skipBlanks()
            if current == nil { return selectors }
            guard take(",") else { throw failure("',' or the end is expected") }
            selectors.append(try selector())
        }
    }

    private mutating func selector() throws(FilterError) -> Selector {
        var path = [try field()]
        skipBlanks()
        while take(".") {
            path.append(try field())
            skipBlanks()
        }
        if current == nil || current == UInt8(ascii: ",") { return Selector(path: path, condition: .present) }
        let start = position
        while let byte = current, Self.operatorBytes.contains(byte) { position += 1 }
        switch String(decoding: bytes[start..<position], as: UTF8.self) {
        case "==": return Selector(path: path, condition: .equal(try value()))
        case "!=": return Selector(path: path, condition: .notEqual(try value()))
        case "~=":
            let pattern = String(decoding: try value(quotes: ["\"", "/", "|"]), as: UTF8.self)
            return Selector(path: path, condition: .matching(try Pattern(pattern)))
        default:
            position = start
            throw failure("one of ==, != and ~= is expected")
        }
    }

    private mutating func field() throws(FilterError) -> String {
        skipBlanks()
        if current == UInt8(ascii: "\"") { return String(decoding: try quoted(), as: UTF8.self) }
        let start = position
        while let byte = current, Self.isFieldByte(byte) { position += 1 }
        guard position > start else { throw failure("a field name is expected") }
        return String(decoding: bytes[start..<position], as: UTF8.self)
    }

    private mutating func value(quotes: [Unicode.Scalar] = ["\""]) throws(FilterError) -> [UInt8] {
        skipBlanks()
        if let current, quotes.contains(Unicode.Scalar(current)) { return try quoted() }
        let start = position
        while let byte = current, byte != UInt8(ascii: ","), !Self.isBlank(byte) { position += 1 }
        guard position > start else { throw failure("a value is expected") }
        return Array(bytes[start..<position])
    }

    var current: UInt8? { position < bytes.count ? bytes[position] : nil }

    private mutating func take(_ byte: Unicode.Scalar) -> Bool {
        guard let current, Unicode.Scalar(current) == byte else { return false }
        position += 1
        return true
    }

    private mutating func skipBlanks() {
        while let byte = current, Self.isBlank(byte) { position += 1 }
    }

    func failure(_ what: String) -> FilterError {
        let around = String(decoding: bytes[max(0, position - 40)..<min(bytes.count, position + 20)], as: UTF8.self)
        return FilterError(.syntax, "filter, at byte \(position) (near '\(around)'): \(what)")
    }

    private static let operatorBytes = Array("=!~".utf8)

    private static func isBlank(_ byte: UInt8) -> Bool { byte == 0x20 || (0x09...0x0D).contains(byte) }

    private static func isFieldByte(_ byte: UInt8) -> Bool {
        switch byte {
        case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"),
            UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "_"):
            true
        default: false
        }
    }
}
