internal import FoundationEssentials

/// This process as others see it.
enum ProcessIdentity {
    static var id: Int32 { ProcessInfo.processInfo.processIdentifier }
    static var environment: [String: String] { ProcessInfo.processInfo.environment }
}

/// The time of day.
enum WallClock {
    /// Seconds since 1970.
    static var now: Double { Date.now.timeIntervalSince1970 }
}
