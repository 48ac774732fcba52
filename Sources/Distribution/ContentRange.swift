/// `Content-Range: bytes 10-19/100` (RFC 9110, 14.4).
struct ContentRange: Equatable, Sendable {
    /// Upper bound exclusive.
    var range: Range<Int64>
    /// Size of the whole, or nil for `*`.
    var total: Int64?

    init?(_ text: String) {
        let words = text.split(separator: " ", omittingEmptySubsequences: true)
        guard words.count == 2, words[0].lowercased() == "bytes" else { return nil }
        let parts = words[1].split(separator: "/", omittingEmptySubsequences: false)
        let bounds = parts[0].split(separator: "-", omittingEmptySubsequences: false)
        guard parts.count == 2, bounds.count == 2, let first = Self.number(bounds[0]),
            let last = Self.number(bounds[1]),
            first <= last
        else { return nil }
        if parts[1] != "*" {
            guard let total = Self.number(parts[1]), last < total else { return nil }
            self.total = total
        }
        range = first..<(last + 1)
    }

    private static func number(_ text: Substring) -> Int64? {
        guard text.utf8.allSatisfy({ (0x30...0x39).contains($0) }), let number = Int64(text), number < Int64.max else {
            return nil
        }
        return number
    }
}
