/// A regular expression as a tree.
indirect enum PatternNode: Sendable, Equatable {
    enum Assertion: Sendable, Equatable {
        case textStart
        case textEnd
        case wordBoundary
        case noWordBoundary
    }

    case empty
    case scalar(ScalarSet)
    case assertion(Assertion)
    case sequence([PatternNode])
    case choice([PatternNode])
    /// No upper bound if `most` is nil.
    case repetition(PatternNode, least: Int, most: Int?)
}

/// One step of the machine that a pattern is turned into.
enum PatternStep: Sendable, Equatable {
    /// Takes one scalar of the text.
    case scalar(ScalarSet)
    case assertion(PatternNode.Assertion)
    /// Goes on at both.
    case fork(Int, Int)
    case jump(Int)
    case accept
}

extension [PatternStep] {
    /// Steps a pattern may have. Repetitions are written out, so this also bounds what they can ask for.
    static let maximumCount = 2000

    /// Appends the steps that run through `node`.
    mutating func append(_ node: PatternNode) throws(FilterError) {
        guard count < Self.maximumCount else {
            throw FilterError(.tooLarge, "the expression is too large: repetitions are counted as if written out")
        }
        switch node {
        case .empty: break
        case .scalar(let set): append(PatternStep.scalar(set))
        case .assertion(let assertion): append(PatternStep.assertion(assertion))
        case .sequence(let nodes):
            for node in nodes { try append(node) }
        case .choice(let nodes): try append(choice: nodes)
        case .repetition(let node, let least, let most):
            for _ in 0..<least {
                let before = count
                try append(node)
                // Nothing, a thousand times, within the same, …
                if count == before { break }
            }
            if let most {
                try append(optional: node, upTo: most - least)
            } else {
                let start = count
                append(.jump(0))
                try append(node)
                append(.jump(start))
                self[start] = .fork(start + 1, count)
            }
        }
    }

    private mutating func append(choice nodes: [PatternNode]) throws(FilterError) {
        var ends: [Int] = []
        for (index, node) in nodes.enumerated() {
            let start = count
            let isLast = index == nodes.count - 1
            if !isLast { append(.jump(0)) }
            try append(node)
            if !isLast {
                ends.append(count)
                append(.jump(0))
                self[start] = .fork(start + 1, count)
            }
        }
        for end in ends { self[end] = .jump(count) }
    }

    /// `node` between no and `times` times: each time forks to the end.
    private mutating func append(optional node: PatternNode, upTo times: Int) throws(FilterError) {
        var forks: [Int] = []
        for _ in 0..<times {
            forks.append(count)
            append(.jump(0))
            try append(node)
        }
        for fork in forks { self[fork] = .fork(fork + 1, count) }
    }
}
