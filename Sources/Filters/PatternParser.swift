/// Reads a regular expression into a tree.
struct PatternParser {
    let scalars: [Unicode.Scalar]
    var position = 0
    private var depth = 0

    /// Groups within groups; deeper ones could overflow the stack.
    private static let maximumDepth = 50
    /// As in RE2.
    private static let maximumRepetition = 1000

    init(_ text: String) { scalars = Array(text.unicodeScalars) }

    mutating func pattern() throws(FilterError) -> PatternNode {
        let node = try choice()
        guard current == nil else { throw failure("')' without '('") }
        return node
    }

    private mutating func choice() throws(FilterError) -> PatternNode {
        var nodes = [try sequence()]
        while take("|") { nodes.append(try sequence()) }
        return nodes.count == 1 ? nodes[0] : .choice(nodes)
    }

    private mutating func sequence() throws(FilterError) -> PatternNode {
        var nodes: [PatternNode] = []
        while let scalar = current, scalar != "|", scalar != ")" {
            nodes.append(try repeated(atom()))
        }
        return nodes.count == 1 ? nodes[0] : nodes.isEmpty ? .empty : .sequence(nodes)
    }

    private mutating func repeated(_ node: PatternNode) throws(FilterError) -> PatternNode {
        guard let (least, most) = try counts() else { return node }
        // Whether the shortest or the longest match is wanted does not change whether there is one.
        _ = take("?")
        if let current, "*+?".unicodeScalars.contains(current) { throw failure("a repetition of a repetition") }
        return .repetition(node, least: least, most: most)
    }

    /// How often what was just read may come; nil, and nothing taken, if nothing is said of that. A brace that begins no `{n}`,
    /// `{n,}` or `{n,m}` stands for itself.
    private mutating func counts() throws(FilterError) -> (least: Int, most: Int?)? {
        if take("*") { return (0, nil) }
        if take("+") { return (1, nil) }
        if take("?") { return (0, 1) }
        let start = position
        guard take("{") else { return nil }
        let least = number()
        var most = least
        if take(",") { most = number() }
        guard let least, take("}") else {
            position = start
            return nil
        }
        guard least <= Self.maximumRepetition, most ?? 0 <= Self.maximumRepetition, least <= most ?? least else {
            throw failure("a repetition of \(least) to \(most.map(String.init) ?? "any") times")
        }
        return (least, most)
    }

    private mutating func number() -> Int? {
        let start = position
        while let scalar = current, ("0"..."9").contains(scalar), position - start < 5 { position += 1 }
        return Int(String(String.UnicodeScalarView(scalars[start..<position])))
    }

    private mutating func atom() throws(FilterError) -> PatternNode {
        guard let scalar = next() else { return .empty }
        switch scalar {
        case "(": return try group()
        case "[": return .scalar(try characterClass())
        case ".": return .scalar(.allButNewline)
        case "^": return .assertion(.textStart)
        case "$": return .assertion(.textEnd)
        case "\\": return try escape()
        case "*", "+", "?":
            position -= 1
            throw failure("nothing to repeat")
        default: return .scalar(ScalarSet([scalar.value...scalar.value]))
        }
    }

    private mutating func group() throws(FilterError) -> PatternNode {
        if take("?") {
            // Names of groups mean nothing here.
            _ = take("P")
            if take("<") {
                while let scalar = next(), scalar != ">" {}
            } else if !take(":") {
                throw failure("flags are not supported")
            }
        }
        depth += 1
        guard depth <= Self.maximumDepth else { throw FilterError(.tooLarge, "groups are nested too deep") }
        let node = try choice()
        depth -= 1
        guard take(")") else { throw failure("')' is missing") }
        return node
    }

    private mutating func escape() throws(FilterError) -> PatternNode {
        switch current {
        case "b", "B", "A", "z":
            let scalar = next()
            return .assertion(
                scalar == "b" ? .wordBoundary : scalar == "B" ? .noWordBoundary : scalar == "A" ? .textStart : .textEnd)
        default: return .scalar(try escapedSet())
        }
    }

    var current: Unicode.Scalar? { position < scalars.count ? scalars[position] : nil }

    mutating func next() -> Unicode.Scalar? {
        guard let scalar = current else { return nil }
        position += 1
        return scalar
    }

    mutating func take(_ scalar: Unicode.Scalar) -> Bool {
        guard current == scalar else { return false }
        position += 1
        return true
    }

    func failure(_ what: String) -> FilterError {
        FilterError(.syntax, "regular expression, at character \(position): \(what)")
    }
}
