/// Reads one TOML string of any of the four kinds.
struct TOMLStringReader {
    let bytes: [UInt8]
    /// At the opening quote before, after the closing one afterwards.
    private(set) var position: Int
    private var text: [UInt8] = []

    init(bytes: [UInt8], position: Int) {
        self.bytes = bytes
        self.position = position
    }

    /// The string's content, or nil if it does not end or holds a control character or an unknown escape.
    mutating func read() -> String? {
        let quote = bytes[position]
        let isLong = run(of: quote) >= 3
        if run(of: quote) == 2 {
            position += 2
            return ""
        }
        position += isLong ? 3 : 1
        if isLong { skipNewline() }
        while position < bytes.count {
            let byte = bytes[position]
            if byte == quote {
                let count = run(of: quote)
                // Up to two quotes may stand right before the closing three.
                if !isLong || count >= 3 {
                    let inside = isLong ? min(count, 5) - 3 : 0
                    text += [UInt8](repeating: quote, count: inside)
                    position += isLong ? inside + 3 : 1
                    return String(decoding: text, as: UTF8.self)
                }
                text += [UInt8](repeating: quote, count: count)
                position += count
            } else if byte == UInt8(ascii: "\\"), quote == UInt8(ascii: "\"") {
                guard escape(isLong: isLong) else { return nil }
            } else {
                let isLineEnd = byte == 0x0A || byte == 0x0D
                guard byte >= 0x20 && byte != 0x7F || byte == 0x09 || isLong && isLineEnd else { return nil }
                text.append(byte)
                position += 1
            }
        }
        return nil
    }

    private func run(of quote: UInt8) -> Int { bytes[position...].prefix { $0 == quote }.count }

    private mutating func skipNewline() {
        if position < bytes.count, bytes[position] == 0x0D { position += 1 }
        if position < bytes.count, bytes[position] == 0x0A { position += 1 }
    }

    private mutating func escape(isLong: Bool) -> Bool {
        position += 1
        guard position < bytes.count else { return false }
        let byte = bytes[position]
        position += 1
        switch byte {
        case UInt8(ascii: "b"): text.append(0x08)
        case UInt8(ascii: "t"): text.append(0x09)
        case UInt8(ascii: "n"): text.append(0x0A)
        case UInt8(ascii: "f"): text.append(0x0C)
        case UInt8(ascii: "r"): text.append(0x0D)
        case UInt8(ascii: "\""), UInt8(ascii: "\\"): text.append(byte)
        case UInt8(ascii: "u"): return unicode(digits: 4)
        case UInt8(ascii: "U"): return unicode(digits: 8)
        case 0x20, 0x09, 0x0A, 0x0D:
            // A backslash at the end of a line takes away the blanks and line ends that follow.
            guard isLong else { return false }
            var sawLineEnd = byte == 0x0A
            while position < bytes.count, [0x20, 0x09, 0x0A, 0x0D].contains(bytes[position]) {
                sawLineEnd = sawLineEnd || bytes[position] == 0x0A
                position += 1
            }
            return sawLineEnd
        default: return false
        }
        return true
    }

    private mutating func unicode(digits: Int) -> Bool {
        guard position + digits <= bytes.count else { return false }
        let hex = String(decoding: bytes[position..<position + digits], as: UTF8.self)
        guard hex.utf8.allSatisfy({ $0 != UInt8(ascii: "+") && $0 != UInt8(ascii: "-") }),
            let number = UInt32(hex, radix: 16),
            let scalar = Unicode.Scalar(number)
        else { return false }
        text += Array(String(scalar).utf8)
        position += digits
        return true
    }
}
