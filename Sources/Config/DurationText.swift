/// Durations as the kubelet's configuration writes them: `30s`, `1m30s`, `200ms`.
enum DurationText {
    private static let units: [(name: String, milliseconds: Int64)] = [
        ("h", 3_600_000), ("m", 60_000), ("s", 1000), ("ms", 1),
    ]

    /// Whole numbers, each with its unit, the larger unit first, none twice; nil for anything else.
    static func read(_ text: String) -> Duration? {
        var rest = Array(text.utf8)[...]
        var total: Int64 = 0
        var next = 0
        while !rest.isEmpty {
            let digits = rest.prefix { (0x30...0x39).contains($0) }
            let letters = rest.dropFirst(digits.count).prefix { (0x61...0x7A).contains($0) }
            let unit = String(decoding: letters, as: UTF8.self)
            guard let number = Int64(String(decoding: digits, as: UTF8.self)),
                let position = units.firstIndex(where: { $0.name == unit }), position >= next
            else { return nil }
            let (part, overflowed) = number.multipliedReportingOverflow(by: units[position].milliseconds)
            let (sum, overflowedSum) = total.addingReportingOverflow(part)
            guard !overflowed, !overflowedSum else { return nil }
            total = sum
            next = position + 1
            rest = rest.dropFirst(digits.count + letters.count)
        }
        return next == 0 ? nil : .milliseconds(total)
    }

    /// The shortest way to write `duration`, to the millisecond.
    static func write(_ duration: Duration) -> String {
        var rest = duration.components.seconds * 1000 + duration.components.attoseconds / 1_000_000_000_000_000
        var text = ""
        for (name, milliseconds) in units where rest >= milliseconds {
            text += "\(rest / milliseconds)\(name)"
            rest %= milliseconds
        }
        return text.isEmpty ? "0s" : text
    }
}
