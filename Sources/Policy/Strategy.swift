/// How the bytes of an image reach the node (design.md 3).
package enum Strategy: String, Sendable, Codable, CaseIterable {
    /// Layers with a table of contents are mounted at once; their bytes follow on demand and in the background.
    case stream
    /// We fetch every layer, decompress it while it arrives, and verify it before the pull returns.
    case prefetch
    /// The runtime fetches as if we were not there; without a runtime, a prefetch without ranges.
    case pull

    /// The strategies as a sentence lists them.
    static let choices = allCases.map(\.rawValue).joined(separator: ", ")
}
