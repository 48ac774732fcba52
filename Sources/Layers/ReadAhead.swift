/// Finds sequential readers among the reads of a layer and says how far ahead of each to fetch: a pure value.
///
/// A stream's window is as long as what it has read in order so far, so that a short read wastes little and a long one soon has many
/// segments in flight; from `eagerRun` on it is at least one segment.
struct ReadAhead: Sendable {
    private struct Stream {
        /// Where the next read is expected.
        var next: Int64
        /// Bytes read in order.
        var run: Int64
        /// End of what was asked for.
        var asked: Int64
        var lastUse: UInt64
    }

    static let maxStreams = 8
    /// The kernel sends the reads of its own read-ahead in parallel, hence in any order.
    private static let slack: Int64 = 1 << 20
    private static let eagerRun: Int64 = 512 << 10

    private let maxWindow: Int64
    private let segmentSize: Int64
    private var streams: [Stream] = []
    private var uses: UInt64 = 0

    /// - Parameters:
    ///   - segmentSize: content of a usual segment in bytes.
    ///   - maxWindow: the window's bound; it is also at most 8 segments.
    init(segmentSize: Int64, maxWindow: Int64) {
        self.segmentSize = max(1, segmentSize)
        self.maxWindow = self.segmentSize < maxWindow / 8 ? self.segmentSize * 8 : max(0, maxWindow)
    }

    /// Takes note of a read of `range`, hit or miss.
    /// - Returns: what to fetch now, ahead of the reader; it may lie partly beyond the layer's end, and partly be here already.
    mutating func note(_ range: Range<Int64>) -> Range<Int64>? {
        guard !range.isEmpty else { return nil }
        uses += 1
        guard let index = streams.firstIndex(where: { abs(range.lowerBound - $0.next) <= Self.slack }) else {
            start(at: range)
            return nil
        }
        var stream = streams[index]
        stream.run += max(0, range.upperBound - stream.next)
        stream.next = max(stream.next, range.upperBound)
        stream.lastUse = uses
        defer { streams[index] = stream }
        var window = min(stream.run, maxWindow)
        if stream.run >= Self.eagerRun { window = min(maxWindow, max(window, segmentSize)) }
        let (goal, overflow) = stream.next.addingReportingOverflow(window)
        if overflow { return nil }
        // A quarter at a time: fewer, larger requests.
        guard goal - max(stream.asked, stream.next) >= max(window / 4, 1) else { return nil }
        let missing = max(stream.asked, stream.next)..<goal
        stream.asked = goal
        return missing
    }

    private mutating func start(at range: Range<Int64>) {
        let stream = Stream(
            next: range.upperBound, run: range.upperBound - range.lowerBound, asked: range.upperBound, lastUse: uses)
        if streams.count < Self.maxStreams {
            streams.append(stream)
        } else if let oldest = streams.indices.min(by: { streams[$0].lastUse < streams[$1].lastUse }) {
            streams[oldest] = stream
        }
    }
}
