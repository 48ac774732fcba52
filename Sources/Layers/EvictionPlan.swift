/// Chooses the segments that leave the cache: a pure value, figures in, decision out.
///
/// The least recently used go first; of equal ones those of one layer together, in their order, so that few holes are punched.
struct EvictionPlan: Sendable, Equatable {
    /// A segment that may go.
    struct Candidate: Sendable, Equatable {
        /// Position in the caller's list of layers.
        var layer: Int
        var segment: Int
        /// Length of its content.
        var bytes: Int64
        /// When it was last used, in ticks.
        var stamp: UInt32
    }

    /// Numbers of the segments that go, ascending, by layer.
    private(set) var segments: [Int: [Int]] = [:]
    /// Bytes of content they have together; fewer than asked for if there are no more.
    private(set) var bytes: Int64 = 0

    /// - Parameter wanted: bytes to be freed.
    init(freeing wanted: Int64, among candidates: [Candidate]) {
        let order = candidates.sorted { ($0.stamp, $0.layer, $0.segment) < ($1.stamp, $1.layer, $1.segment) }
        for candidate in order {
            guard bytes < wanted else { break }
            segments[candidate.layer, default: []].append(candidate.segment)
            bytes += candidate.bytes
        }
        for layer in segments.keys { segments[layer]?.sort() }
    }
}
