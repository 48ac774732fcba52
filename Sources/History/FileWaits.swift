package import OCI

/// How readers of one file waited.
package struct FileWaits: Sendable, Equatable, Codable {
    package var layer: Digest
    /// Its number in the layer's tree.
    package var node: UInt32
    /// In the layer; nil until it was looked up, and for good if the layer went before.
    package var path: String?
    package var figures = WaitFigures()
    /// Where in the file the read that waited longest began, in bytes.
    package var offsetOfLongest: Int64 = 0
    /// When somebody waited, in order: short breaks are passed over, and what does not fit belongs to the last.
    package var stretches: [Stretch] = []

    package struct Stretch: Sendable, Equatable, Codable {
        package var from: Moment
        package var to: Moment
    }

    init(layer: Digest, node: UInt32) {
        self.layer = layer
        self.node = node
    }

    /// Breaks that a picture could not show.
    private static let shortBreak = Duration.milliseconds(20)

    mutating func note(_ wait: Wait) {
        if wait.length > figures.longest || figures.count == 0 { offsetOfLongest = wait.offset }
        figures.note(wait)
        guard var last = stretches.last else { return stretches.append(Stretch(from: wait.from, to: wait.to)) }
        // Told when they end, so one may have begun before the last.
        if wait.from - last.to <= Self.shortBreak || stretches.count >= Limits.stretches {
            last.from = min(last.from, wait.from)
            last.to = max(last.to, wait.to)
            stretches[stretches.count - 1] = last
        } else {
            stretches.append(Stretch(from: wait.from, to: wait.to))
        }
    }
}

/// One read that had to wait for bytes.
package struct Wait: Sendable, Equatable {
    package var from: Moment
    package var to: Moment
    /// Where in the file it began, in bytes.
    package var offset: Int64
    /// Whether it ended with an error.
    package var failed: Bool

    package init(from: Moment, to: Moment, offset: Int64, failed: Bool) {
        self.from = from
        self.to = to
        self.offset = offset
        self.failed = failed
    }

    var length: Duration { max(.zero, to - from) }
}

/// Number and length of waits. In documents seconds.
package struct WaitFigures: Sendable, Equatable, Codable {
    /// Reads that waited, and how many of them failed in the end.
    package var count = 0
    package var failures = 0
    /// All waits together; readers that waited at the same time count each.
    package var sum = Duration.zero
    package var longest = Duration.zero

    package init() {}

    mutating func note(_ wait: Wait) {
        count += 1
        if wait.failed { failures += 1 }
        sum += wait.length
        longest = max(longest, wait.length)
    }

    static func + (one: Self, other: Self) -> Self {
        var both = one
        both.count += other.count
        both.failures += other.failures
        both.sum += other.sum
        both.longest = max(one.longest, other.longest)
        return both
    }

    private enum Key: String, CodingKey { case count, failures, sum, longest }

    package init(from decoder: any Decoder) throws {
        let values = try decoder.container(keyedBy: Key.self)
        count = try values.decode(Int.self, forKey: .count)
        failures = try values.decode(Int.self, forKey: .failures)
        sum = try values.decode(Moment.self, forKey: .sum).elapsed
        longest = try values.decode(Moment.self, forKey: .longest).elapsed
    }

    package func encode(to encoder: any Encoder) throws {
        var values = encoder.container(keyedBy: Key.self)
        try values.encode(count, forKey: .count)
        try values.encode(failures, forKey: .failures)
        try values.encode(Moment(sum), forKey: .sum)
        try values.encode(Moment(longest), forKey: .longest)
    }
}
