/// Writes lines of the text format of Prometheus (prometheus.io/docs/instrumenting/exposition_formats, "Text-based format").
struct ExpositionWriter {
    private(set) var text = ""

    mutating func begin(_ name: String, _ help: String, _ kind: MetricsPage.Kind) {
        text += "# HELP \(name) \(Self.escape(help, quotes: false))\n# TYPE \(name) \(kind.rawValue)\n"
    }

    mutating func sample(_ name: String, _ labels: [(String, String)], _ value: Double) {
        text += name
        if !labels.isEmpty {
            text += "{" + labels.map { "\($0)=\"\(Self.escape($1, quotes: true))\"" }.joined(separator: ",") + "}"
        }
        text += " \(Self.write(value))\n"
    }

    mutating func histogram(_ name: String, _ labels: [(String, String)], _ snapshot: Histogram.Snapshot) {
        for (bound, count) in snapshot.cumulative + [(.infinity, snapshot.count)] {
            sample("\(name)_bucket", labels + [("le", Self.write(bound))], Double(count))
        }
        sample("\(name)_sum", labels, snapshot.sum.inSeconds)
        sample("\(name)_count", labels, Double(snapshot.count))
    }

    /// Backslash and line feed are escaped everywhere, quotes in labels.
    static func escape(_ value: String, quotes: Bool) -> String {
        var result = ""
        for scalar in value.unicodeScalars {
            switch scalar {
            case "\\": result += "\\\\"
            case "\n": result += "\\n"
            case "\"" where quotes: result += "\\\""
            default: result.unicodeScalars.append(scalar)
            }
        }
        return result
    }

    /// As Go's ParseFloat reads it.
    static func write(_ value: Double) -> String {
        if value.isNaN { return "NaN" }
        if value.isInfinite { return value < 0 ? "-Inf" : "+Inf" }
        // Counts without a fraction, as long as a double holds them exactly.
        return value.rounded() == value && value.magnitude < 1e15 ? String(Int(value)) : String(value)
    }
}
