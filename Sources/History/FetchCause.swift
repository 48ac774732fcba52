/// What bytes were fetched for.
package enum FetchCause: Int, Sendable, CaseIterable {
    /// A reader waited for them.
    case reader
    /// A sequential reader would want them next.
    case readAhead
    /// A pull waited for the whole layer.
    case pull
    /// Nobody waited: the background fill.
    case fill
}

/// A number of bytes for each cause; in documents an object with a key for each.
package struct BytesByCause: Sendable, Equatable, Codable {
    package var reader: Int64 = 0
    package var readAhead: Int64 = 0
    package var pull: Int64 = 0
    package var fill: Int64 = 0

    package init() {}

    package subscript(cause: FetchCause) -> Int64 {
        get {
            switch cause {
            case .reader: reader
            case .readAhead: readAhead
            case .pull: pull
            case .fill: fill
            }
        }
        set {
            switch cause {
            case .reader: reader = newValue
            case .readAhead: readAhead = newValue
            case .pull: pull = newValue
            case .fill: fill = newValue
            }
        }
    }

    package var total: Int64 { FetchCause.allCases.reduce(0) { $0 &+ self[$1] } }

    package static func + (one: Self, other: Self) -> Self {
        var sum = one
        for cause in FetchCause.allCases { sum[cause] &+= other[cause] }
        return sum
    }
}
