/// A point of time behind the beginning of what is told. In documents seconds, to the microsecond.
package struct Moment: Sendable, Hashable, Comparable, Codable {
    /// Microseconds since the beginning; never negative.
    package let microseconds: Int64

    package static let zero = Moment(.zero)

    package init(_ elapsed: Duration) {
        let (seconds, attoseconds) = elapsed.components
        let (whole, overflow) = max(0, seconds).multipliedReportingOverflow(by: 1_000_000)
        microseconds = seconds < 0 ? 0 : overflow ? .max : whole + max(0, attoseconds / 1_000_000_000_000)
    }

    package init(from decoder: any Decoder) throws {
        let seconds = try decoder.singleValueContainer().decode(Double.self)
        guard seconds >= 0, seconds < 1e12 else {
            throw DecodingError.dataCorrupted(.init(codingPath: decoder.codingPath, debugDescription: "no time"))
        }
        microseconds = Int64((seconds * 1_000_000).rounded())
    }

    package func encode(to encoder: any Encoder) throws {
        var container = encoder.singleValueContainer()
        try container.encode(seconds)
    }

    package var seconds: Double { Double(microseconds) / 1_000_000 }

    package var elapsed: Duration { .microseconds(microseconds) }

    package static func < (one: Self, other: Self) -> Bool { one.microseconds < other.microseconds }

    package static func - (one: Self, other: Self) -> Duration {
        .microseconds(one.microseconds - other.microseconds)
    }
}
