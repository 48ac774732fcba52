/// A regular expression whose time is bounded: text length × steps, whatever the two are.
///
/// The part of RE2's syntax that filters use: literals, `.`, classes, `\d \w \s \b` and their opposites, `^ $ \A \z`, groups,
/// alternatives and repetitions. Flags, Unicode and POSIX classes are refused. It matches anywhere in the text.
package struct Pattern: Sendable, Equatable {
    /// The longest pattern in bytes.
    package static let maximumBytes = 4096

    private let steps: [PatternStep]

    package init(_ text: String) throws(FilterError) {
        guard text.utf8.count <= Self.maximumBytes else {
            throw FilterError(
                .tooLarge, "an expression of \(text.utf8.count) bytes; at most \(Self.maximumBytes) are looked at")
        }
        var parser = PatternParser(text)
        var steps: [PatternStep] = []
        try steps.append(parser.pattern())
        steps.append(.accept)
        self.steps = steps
    }

    package func matches(_ text: String) -> Bool {
        // All places the machine can be in at once (Thompson's construction): no place is visited twice for one scalar.
        let scalars = text.unicodeScalars.map(\.value)
        var places = Places(count: steps.count)
        for position in 0...scalars.count {
            let (before, after) = (
                position > 0 ? scalars[position - 1] : nil, position < scalars.count ? scalars[position] : nil
            )
            if reach(0, &places, before, after) { return true }
            guard let after else { return false }
            var next = Places(count: steps.count)
            let following = position + 1 < scalars.count ? scalars[position + 1] : nil
            for place in places.waiting {
                if case .scalar(let set) = steps[place], set.contains(after),
                    reach(place + 1, &next, after, following)
                {
                    return true
                }
            }
            places = next
        }
        return false
    }

    private struct Places {
        var isVisited: [Bool]
        /// Where a scalar is taken next.
        var waiting: [Int] = []

        init(count: Int) { isVisited = Array(repeating: false, count: count) }
    }

    /// Goes from `start` as far as no scalar is needed; true if that is the end.
    private func reach(_ start: Int, _ places: inout Places, _ before: UInt32?, _ after: UInt32?) -> Bool {
        var pending = [start]
        while let place = pending.popLast() {
            if places.isVisited[place] { continue }
            places.isVisited[place] = true
            switch steps[place] {
            case .accept: return true
            case .scalar: places.waiting.append(place)
            case .jump(let target): pending.append(target)
            case .fork(let one, let other): pending += [other, one]
            case .assertion(let assertion):
                if Self.holds(assertion, before, after) { pending.append(place + 1) }
            }
        }
        return false
    }

    private static func holds(_ assertion: PatternNode.Assertion, _ before: UInt32?, _ after: UInt32?) -> Bool {
        func isWord(_ scalar: UInt32?) -> Bool { scalar.map { ScalarSet.wordCharacters.contains($0) } ?? false }
        return switch assertion {
        case .textStart: before == nil
        case .textEnd: after == nil
        case .wordBoundary: isWord(before) != isWord(after)
        case .noWordBoundary: isWord(before) == isWord(after)
        }
    }
}
