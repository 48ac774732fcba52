package import FoundationEssentials

/// A time of day, in documents as ISO 8601 in UTC, to the millisecond.
package struct WallTime: Sendable, Equatable, Codable {
    /// Since 1970.
    private let milliseconds: Int64

    package init(_ date: Date = Date()) {
        milliseconds = Int64((min(max(date.timeIntervalSince1970, -1e11), 1e11) * 1000).rounded())
    }

    package var date: Date { Date(timeIntervalSince1970: Double(milliseconds) / 1000) }

    private static let style = Date.ISO8601FormatStyle(includingFractionalSeconds: true)

    package init(from decoder: any Decoder) throws {
        self.init(try Self.style.parse(try decoder.singleValueContainer().decode(String.self)))
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
    package var description: String { date.formatted(Self.style) }
}
