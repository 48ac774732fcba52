package import FoundationEssentials

/// A time of day, in documents as ISO 8601 in UTC, to the millisecond.
package struct WallTime: Sendable, Equatable, Codable {
    /// Since 1970; nothing that is told happened before.
    private let milliseconds: Int64

    package init(_ date: Date = Date()) {
        milliseconds = Int64((min(max(date.timeIntervalSince1970, 0), 1e11) * 1000).rounded())
    }

    package var date: Date { Date(timeIntervalSince1970: Double(milliseconds) / 1000) }

    package init(from decoder: any Decoder) throws {
        let text = try decoder.singleValueContainer().decode(String.self)
        let parts = text.dropLast().split(separator: ".", omittingEmptySubsequences: false)
        guard text.last == "Z", parts.count == 2, parts[1].utf8.count == 3, let fraction = Int64(parts[1]),
            fraction >= 0
        else {
            throw DecodingError.dataCorrupted(.init(codingPath: decoder.codingPath, debugDescription: "no time of day"))
        }
        let seconds = try Date.ISO8601FormatStyle().parse(parts[0] + "Z").timeIntervalSince1970
        milliseconds = Int64(seconds) * 1000 + fraction
    }

    package func encode(to encoder: any Encoder) throws {
        var container = encoder.singleValueContainer()
        try container.encode(description)
    }

    /// Time that has passed since then, by the clock on the wall; not negative.
    package func elapsed(until now: Date = Date()) -> Duration {
        .milliseconds(Int64(min(max(0, now.timeIntervalSince(date)) * 1000, 1e15)))
    }
}

extension WallTime: CustomStringConvertible {
    /// `2026-11-28T17:20:03.250Z`. Foundation's own fractions are cut, so that they would not come back as they were.
    package var description: String {
        let (seconds, fraction) = milliseconds.quotientAndRemainder(dividingBy: 1000)
        let whole = Date(timeIntervalSince1970: Double(seconds)).formatted(Date.ISO8601FormatStyle())
        return "\(whole.dropLast()).\(String(abs(fraction) + 1000).dropFirst())Z"
    }
}
