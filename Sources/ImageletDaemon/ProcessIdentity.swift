internal import FoundationEssentials

/// This process as others see it.
enum ProcessIdentity {
    static var id: Int32 { ProcessInfo.processInfo.processIdentifier }
    static var environment: [String: String] { ProcessInfo.processInfo.environment }
}
