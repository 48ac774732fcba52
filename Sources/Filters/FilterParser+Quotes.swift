extension FilterParser {
    /// A quoted text, from its first quote on; the quote itself is whatever stands there.
    mutating func quoted() throws(FilterError) -> [UInt8] {
        guard let quote = current else { throw failure("a quoted text is expected") }
        position += 1
        var text: [UInt8] = []
        while let byte = current {
            position += 1
            switch byte {
            case quote:
                // Escapes can make any bytes.
                guard String(validating: text, as: UTF8.self) != nil else { throw failure("the text is not UTF-8") }
                return text
            case UInt8(ascii: "\\"): try appendEscaped(to: &text, in: quote)
            case UInt8(ascii: "\n"): throw failure("a line ends within quotes")
            default: text.append(byte)
            }
        }
        throw failure("the closing quote is missing")
    }

    /// What stands behind a backslash, as in Go's string literals.
    private mutating func appendEscaped(to text: inout [UInt8], in quote: UInt8) throws(FilterError) {
        guard let byte = current else { throw failure("the closing quote is missing") }
        position += 1
        switch byte {
        case UInt8(ascii: "\\"), quote: text.append(byte)
        case UInt8(ascii: "a"): text.append(0x07)
        case UInt8(ascii: "b"): text.append(0x08)
        case UInt8(ascii: "t"): text.append(0x09)
        case UInt8(ascii: "n"): text.append(0x0A)
        case UInt8(ascii: "v"): text.append(0x0B)
        case UInt8(ascii: "f"): text.append(0x0C)
        case UInt8(ascii: "r"): text.append(0x0D)
        case UInt8(ascii: "x"): text.append(UInt8(truncatingIfNeeded: try number(digits: 2, radix: 16)))
        case UInt8(ascii: "u"): try appendScalar(number(digits: 4, radix: 16), to: &text)
        case UInt8(ascii: "U"): try appendScalar(number(digits: 8, radix: 16), to: &text)
        case UInt8(ascii: "0")...UInt8(ascii: "3"):
            position -= 1
            text.append(UInt8(truncatingIfNeeded: try number(digits: 3, radix: 8)))
        default: throw failure("no such escape")
        }
    }

    private mutating func number(digits: Int, radix: Int) throws(FilterError) -> UInt32 {
        let end = position + digits
        guard end <= bytes.count, bytes[position] != UInt8(ascii: "+"), bytes[position] != UInt8(ascii: "-"),
            let value = UInt32(String(decoding: bytes[position..<end], as: UTF8.self), radix: radix)
        else { throw failure("\(digits) digits are expected") }
        position = end
        return value
    }

    private func appendScalar(_ value: UInt32, to text: inout [UInt8]) throws(FilterError) {
        guard let scalar = Unicode.Scalar(value) else { throw failure("no such character") }
        text += Array(Character(scalar).utf8)
    }
}
