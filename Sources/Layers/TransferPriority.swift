internal import Telemetry

/// How urgent a transfer is; smaller is more urgent (design.md part 5).
package enum TransferPriority: Int, Comparable, Sendable, CaseIterable, MetricLabels {
    /// A reader waits for it.
    case demand
    /// A sequential reader will want it next.
    case readAhead
    /// A pull waits for the whole layer.
    case prefetch
    /// Nobody waits.
    case background

    package static func < (one: Self, other: Self) -> Bool { one.rawValue < other.rawValue }

    package static var labelNames: [String] { ["priority"] }

    package var labelValues: [String] {
        switch self {
        case .demand: ["demand"]
        case .readAhead: ["read_ahead"]
        case .prefetch: ["prefetch"]
        case .background: ["background"]
        }
    }
}
