internal import Synchronization

/// Durations, counted by how long they were. Observing costs two atomic additions and a search of some fifteen bounds.
package final class Histogram: Sendable {
    /// Upper bounds of buckets, ascending; a duration counts in the first that is not below it, and longer ones in one without bound.
    package struct Bounds: Sendable {
        let durations: [Duration]

        private init(_ durations: [Duration]) { self.durations = durations }

        /// Answers from memory and disk, some of which wait for the network: 10 µs to 30 s.
        package static let questions = Bounds([
            .microseconds(10), .microseconds(25), .microseconds(50), .microseconds(100), .microseconds(250),
            .milliseconds(1), .milliseconds(5), .milliseconds(25), .milliseconds(100), .milliseconds(500), .seconds(2),
            .seconds(10), .seconds(30),
        ])
        /// Round trips over a network, and waits for bytes that come over one: 1 ms to 30 s.
        package static let network = Bounds([
            .milliseconds(1), .microseconds(2500), .milliseconds(5), .milliseconds(10), .milliseconds(25),
            .milliseconds(50), .milliseconds(100), .milliseconds(250), .milliseconds(500), .seconds(1),
            .milliseconds(2500), .seconds(5), .seconds(10), .seconds(30),
        ])
        /// Work on whole images: 100 ms to half an hour.
        package static let images = Bounds([
            .milliseconds(100), .milliseconds(250), .milliseconds(500), .seconds(1), .milliseconds(2500), .seconds(5),
            .seconds(10), .seconds(30), .seconds(60), .seconds(120), .seconds(300), .seconds(600), .seconds(1800),
        ])
    }

    /// What was observed up to a moment.
    package struct Snapshot: Sendable, Equatable {
        /// Each bucket's upper bound in seconds, and how many durations were not above it; without the bucket that has no bound.
        package var cumulative: [(bound: Double, count: Int)]
        package var count: Int
        package var sum: Duration

        package static func == (one: Snapshot, other: Snapshot) -> Bool {
            one.count == other.count && one.sum == other.sum
                && one.cumulative.map(\.count) == other.cumulative.map(\.count)
                && one.cumulative.map(\.bound) == other.cumulative.map(\.bound)
        }
    }

    private let bounds: [Duration]
    private let buckets: [Counter]
    /// In nanoseconds: 292 years of waiting fit.
    private let sum = Counter()

    package init(_ bounds: Bounds) {
        self.bounds = bounds.durations
        buckets = (0...bounds.durations.count).map { _ in Counter() }
    }

    package func observe(_ duration: Duration) {
        let bucket = bounds.firstIndex { duration <= $0 } ?? bounds.count
        buckets[bucket].add()
        sum.add(max(0, duration.nanoseconds))
    }

    /// Observes how long `body` takes, however it ends.
    package func time<Result>(_ body: () async throws -> Result) async rethrows -> Result {
        let start = ContinuousClock.now
        defer { observe(ContinuousClock.now - start) }
        return try await body()
    }

    package var snapshot: Snapshot {
        var count = 0
        var cumulative: [(bound: Double, count: Int)] = []
        for (bound, bucket) in zip(bounds, buckets) {
            count += bucket.value
            cumulative.append((bound.inSeconds, count))
        }
        return Snapshot(
            cumulative: cumulative, count: count + (buckets.last?.value ?? 0), sum: .nanoseconds(sum.value))
    }
}

extension Duration {
    /// Whole nanoseconds, cut off at what an `Int` holds.
    var nanoseconds: Int {
        let (seconds, attoseconds) = components
        let (whole, overflow) = Int(clamping: seconds).multipliedReportingOverflow(by: 1_000_000_000)
        return overflow ? (seconds < 0 ? .min : .max) : whole + Int(attoseconds / 1_000_000_000)
    }

    /// As metrics tell durations.
    package var inSeconds: Double { Double(components.seconds) + Double(components.attoseconds) * 1e-18 }
}
