extension PatternParser {
    /// What stands behind `[`, up to its `]`.
    mutating func characterClass() throws(FilterError) -> ScalarSet {
        let isInverted = take("^")
        var ranges: [ClosedRange<UInt32>] = []
        var isFirst = true
        while true {
            guard let scalar = current else { throw failure("']' is missing") }
            if scalar == "]", !isFirst { break }
            isFirst = false
            ranges += try classMember().ranges
        }
        position += 1
        let set = ScalarSet(ranges)
        return isInverted ? set.inverted : set
    }

    /// One character, one escape, or a range.
    private mutating func classMember() throws(FilterError) -> ScalarSet {
        let (first, set) = try classAtom()
        // A '-' before the ']' stands for itself.
        guard let first, current == "-", position + 1 < scalars.count, scalars[position + 1] != "]" else { return set }
        position += 1
        guard let last = try classAtom().scalar, first <= last else { throw failure("a range without order") }
        return ScalarSet([first...last])
    }

    private mutating func classAtom() throws(FilterError) -> (scalar: UInt32?, set: ScalarSet) {
        guard let scalar = next() else { throw failure("']' is missing") }
        if scalar == "[", current == ":" { throw failure("POSIX classes are not supported") }
        guard scalar == "\\" else { return (scalar.value, ScalarSet([scalar.value...scalar.value])) }
        if let value = try escapedScalar() { return (value, ScalarSet([value...value])) }
        return (nil, try escapedSet())
    }

    /// The set that stands behind a backslash.
    mutating func escapedSet() throws(FilterError) -> ScalarSet {
        if let value = try escapedScalar() { return ScalarSet([value...value]) }
        switch next() {
        case "d": return .digits
        case "D": return ScalarSet.digits.inverted
        case "w": return .wordCharacters
        case "W": return ScalarSet.wordCharacters.inverted
        case "s": return .blanks
        case "S": return ScalarSet.blanks.inverted
        default: throw failure("no such escape")
        }
    }

    /// The one character that stands behind a backslash; nil, and nothing taken, if it is something else.
    private mutating func escapedScalar() throws(FilterError) -> UInt32? {
        guard let scalar = current else { throw failure("nothing behind the backslash") }
        position += 1
        switch scalar {
        case "a": return 0x07
        case "t": return 0x09
        case "n": return 0x0A
        case "v": return 0x0B
        case "f": return 0x0C
        case "r": return 0x0D
        case "x": return try hexadecimal()
        case _ where scalar.isASCII && !scalar.properties.isAlphabetic && !("0"..."9").contains(scalar):
            return scalar.value
        default:
            position -= 1
            return nil
        }
    }

    /// `\x41` or `\x{1F600}`, from behind the x on.
    private mutating func hexadecimal() throws(FilterError) -> UInt32 {
        let isBraced = take("{")
        var digits = ""
        while digits.utf8.count < (isBraced ? 6 : 2), let scalar = current, scalar.properties.isASCIIHexDigit {
            digits.unicodeScalars.append(scalar)
            position += 1
        }
        guard isBraced ? take("}") : digits.utf8.count == 2, let value = UInt32(digits, radix: 16),
            value <= ScalarSet.last
        else { throw failure("a hexadecimal number is expected") }
        return value
    }
}
