internal import Yams

/// A value on its way into YAML.
indirect enum Rendering {
    case scalar(String, isText: Bool)
    case list([Rendering])
    case map([(String, Rendering)])

    var node: Node {
        switch self {
        case .scalar(let text, let isText):
            return Node(text, .implicit, isText && !Self.isPlain(text) ? .doubleQuoted : .plain)
        case .list(let elements):
            return Node(elements.map(\.node), .implicit, elements.isEmpty ? .flow : .block)
        case .map(let entries): return Node(entries.map { (Node($0.0), $0.1.node) }, .implicit, .block)
        }
    }

    /// Words that every YAML reader takes as text without quotes.
    private static func isPlain(_ text: String) -> Bool {
        guard let first = text.utf8.first, let last = text.utf8.last else { return false }
        let isWord = text.utf8.allSatisfy { byte in
            switch byte {
            case 0x2D...0x39, 0x41...0x5A, 0x5F, 0x61...0x7A: true
            default: false
            }
        }
        let isLetter: (UInt8) -> Bool = { (0x41...0x5A).contains($0) || (0x61...0x7A).contains($0) }
        // 30s and 250Mi are words, 1e3, 0x1F and 1.5 are numbers.
        let isQuantity = (0x30...0x39).contains(first) && isLetter(last) && !text.lowercased().contains("x")
        guard isWord, first == UInt8(ascii: "/") || isLetter(first) || isQuantity else { return false }
        return !["null", "true", "false", "yes", "no", "on", "off", "y", "n"].contains(text.lowercased())
    }
}
