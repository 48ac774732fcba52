/// Bytes and waiting over time, in buckets that grow with their age: fine where a start happens, coarse days later, and of a bounded number.
///
/// The first 20 buckets are a tenth of a second long; each later one is 8 % longer than the one before.
package struct FetchTimeline: Sendable, Equatable, Codable {
    package struct Bucket: Sendable, Equatable, Codable {
        /// Its place in the row of all buckets.
        package var number: Int
        package var fetched = BytesByCause()
        /// Time that readers stood still in it, all together, in seconds.
        package var waited: Double = 0

        init(number: Int) { self.number = number }
    }

    /// Those in which something happened, in their order.
    package private(set) var buckets: [Bucket] = []

    package init() {}

    /// Ends of all buckets, in microseconds; the last has none.
    private static let ends: [Int64] = {
        var ends = (1...20).map { Int64($0) * 100_000 }
        var length = 100_000.0
        while let last = ends.last, last < 30 * 86_400 * 1_000_000 {
            length *= 1.08
            ends.append(last + Int64(length))
        }
        return ends
    }()

    /// When bucket `number` begins and ends; the last one is taken as long as the one before.
    package static func span(_ number: Int) -> Range<Moment> {
        let number = min(max(0, number), ends.count)
        let start = number == 0 ? 0 : ends[number - 1]
        let end = number < ends.count ? ends[number] : start + (ends[ends.count - 1] - ends[ends.count - 2])
        return Moment(.microseconds(start))..<Moment(.microseconds(end))
    }

    static func number(at moment: Moment) -> Int {
        var low = 0
        var high = ends.count
        while low < high {
            let middle = (low + high) / 2
            if ends[middle] <= moment.microseconds { low = middle + 1 } else { high = middle }
        }
        return low
    }

    mutating func noteFetch(_ bytes: Int64, for cause: FetchCause, at moment: Moment) {
        change(Self.number(at: moment)) { $0.fetched[cause] &+= bytes }
    }

    mutating func noteWait(from start: Moment, to end: Moment) {
        for number in Self.number(at: start)...max(Self.number(at: start), Self.number(at: end)) {
            let span = Self.span(number)
            let part = min(end, span.upperBound) - max(start, span.lowerBound)
            change(number) { $0.waited += max(0, part / .seconds(1)) }
        }
    }

    private mutating func change(_ number: Int, _ body: (inout Bucket) -> Void) {
        var place = buckets.endIndex
        while place > 0, buckets[place - 1].number > number { place -= 1 }
        if place == 0 || buckets[place - 1].number != number {
            buckets.insert(Bucket(number: number), at: place)
            place += 1
        }
        body(&buckets[place - 1])
    }
}
