/// The speed of something that grows, over the last few seconds.
struct RateMeter {
    private var samples: [(time: Duration, bytes: UInt64)] = []
    private static let window = Duration.seconds(5)

    /// - Parameters:
    ///   - bytes: the total so far; if it shrinks, counting starts anew.
    ///   - time: since any fixed moment, never less than before.
    mutating func add(_ bytes: UInt64, at time: Duration) {
        if let last = samples.last, bytes < last.bytes { samples = [] }
        samples.append((time, bytes))
        // The oldest sample kept is the last one outside of the window.
        while samples.count > 2, samples[1].time <= time - Self.window { samples.removeFirst() }
    }

    /// Nil until there is half a second to judge by.
    var bytesPerSecond: UInt64? {
        guard let first = samples.first, let last = samples.last else { return nil }
        let elapsed = (last.time - first.time) / .seconds(1)
        guard elapsed >= 0.5 else { return nil }
        return UInt64(Double(last.bytes - first.bytes) / elapsed)
    }
}
