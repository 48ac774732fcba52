/// Durations as Go and Kubernetes write them: `12h`, `1h30m0s`, `1.5h`, `250ms`, `0`.
enum GoDuration {
    /// Nil for anything else, and for more than a hundred years.
    static func parse(_ text: String) -> Duration? {
        guard text.utf8.count <= 64 else { return nil }
        if text == "0" { return .zero }
        var rest = text[...]
        var seconds = 0.0
        guard !rest.isEmpty else { return nil }
        while !rest.isEmpty {
            let number = rest.prefix { $0 == "." || ("0"..."9").contains($0) }
            rest = rest.dropFirst(number.count)
            let unit = rest.prefix { $0 != "." && !("0"..."9").contains($0) }
            rest = rest.dropFirst(unit.count)
            guard let value = Double(number), let factor = units[String(unit)] else { return nil }
            seconds += value * factor
        }
        return seconds <= 100 * 365 * 86400 ? .seconds(seconds) : nil
    }

    private static let units: [String: Double] = [
        "ns": 1e-9, "us": 1e-6, "µs": 1e-6, "ms": 1e-3, "s": 1, "m": 60, "h": 3600,
    ]
}
