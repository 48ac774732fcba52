/// How urgent a transfer is; smaller is more urgent (design.md part 5).
enum TransferPriority: Int, Comparable, Sendable, CaseIterable {
    /// A reader waits for it.
    case demand
    /// A sequential reader will want it next.
    case readAhead
    /// A pull waits for the whole layer.
    case prefetch
    /// Nobody waits.
    case background

    static func < (one: Self, other: Self) -> Bool { one.rawValue < other.rawValue }
}
