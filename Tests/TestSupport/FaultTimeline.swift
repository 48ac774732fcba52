/// The troubles of a registry over time: one after the other with calm between, all drawn from a seed, so that the same seed gives
/// the same schedule. Played by `FaultyProxy.play`.
package struct FaultTimeline: Sendable, Equatable, CustomStringConvertible {
    package enum Trouble: String, CaseIterable, Sendable {
        case resets
        case truncations
        case wrongBytes
        /// 429 and 503 with `Retry-After`, and other 5xx without.
        case refusals
        case slowStart
        case stalls
        /// 200 with the whole blob for a range.
        case ignoredRanges
        /// Every request is refused.
        case brownOut
        /// Next to nothing of the bandwidth is left.
        case collapse
    }

    /// A time in which one kind of trouble reigns.
    package struct Spell: Sendable, Equatable {
        package var trouble: Trouble
        /// Since the beginning of the timeline.
        package var start: Duration
        package var end: Duration
        var seed: UInt64
    }

    package let seed: UInt64
    package let spells: [Spell]

    /// Every kind of trouble comes before one comes again.
    /// - Parameter length: when the last spell has ended at the latest.
    package init(seed: UInt64, lasting length: Duration, troubles: [Trouble] = Trouble.allCases) {
        var random = SplitMix(state: seed)
        var spells: [Spell] = []
        var deck: [Trouble] = []
        var now = Duration.zero
        while !troubles.isEmpty {
            if deck.isEmpty { deck = troubles.shuffled(using: &random) }
            let start = now + .milliseconds(Int.random(in: 1000...4000, using: &random))
            let end = start + .milliseconds(Int.random(in: 2000...6000, using: &random))
            guard end <= length else { break }
            spells.append(Spell(trouble: deck.removeLast(), start: start, end: end, seed: random.next()))
            now = end
        }
        self.seed = seed
        self.spells = spells
    }

    /// The troubles between two moments.
    package func troubles(from earlier: Duration, to later: Duration) -> Set<Trouble> {
        Set(spells.filter { $0.start <= later && $0.end >= earlier }.map(\.trouble))
    }

    package var description: String {
        let lines = spells.map { "\($0.start / .seconds(1)) s to \($0.end / .seconds(1)) s: \($0.trouble)" }
        return (["seed \(seed)"] + lines).joined(separator: "\n")
    }
}

extension FaultTimeline.Spell {
    /// The first that matches a request decides.
    var rules: [FaultRule] {
        var random = SplitMix(state: seed)
        func rule(_ fault: Fault, _ probability: Double, path: String = "/blobs/") -> FaultRule {
            FaultRule(
                fault, method: path.isEmpty ? nil : "GET", path: path, probability: probability, seed: random.next())
        }
        func offset() -> Int { Int.random(in: 0..<(64 << 10), using: &random) }
        switch trouble {
        case .resets:
            return [rule(.reset(after: nil), 0.15, path: ""), rule(.reset(after: offset()), 0.4)]
        case .truncations:
            return [rule(.truncate(after: offset()), 0.3), rule(.truncate(after: 0), 0.1)]
        case .wrongBytes:
            return [rule(.corrupt(at: offset()), 0.2), rule(.corrupt(at: 0), 0.05)]
        case .refusals:
            let advice = ["Retry-After": "1"]
            return [
                rule(.status(429, headers: advice), 0.2, path: ""), rule(.status(503, headers: advice), 0.2, path: ""),
                rule(.status(500), 0.1), rule(.status(502), 0.1),
            ]
        case .slowStart:
            return [rule(.delay(.milliseconds(Int.random(in: 500...2000, using: &random))), 0.6, path: "")]
        case .stalls:
            return [rule(.stall(after: offset()), 0.1), rule(.stall(after: nil), 0.05)]
        case .ignoredRanges:
            return [rule(.ignoreRange, 0.5)]
        case .brownOut:
            return [
                rule(.reset(after: nil), 0.5, path: ""),
                rule(.status(503, headers: ["Retry-After": "1"]), 1, path: ""),
            ]
        case .collapse:
            return []
        }
    }

    /// What is left of the link; nil: all.
    var megabitsPerSecond: Double? { trouble == .collapse ? 2 : nil }
}

extension FaultyProxy {
    /// Gives the registry the troubles of a timeline, each in its time and instead of all rules added before. Afterwards, or when
    /// cancelled, there is none.
    package func play(_ timeline: FaultTimeline) async throws {
        let start = ContinuousClock.now
        defer { calm() }
        for spell in timeline.spells {
            try await Task.sleep(until: start + spell.start, clock: .continuous)
            spell.rules.forEach(add)
            link.throttle(megabitsPerSecond: spell.megabitsPerSecond)
            try await Task.sleep(until: start + spell.end, clock: .continuous)
            calm()
        }
    }

    private func calm() {
        removeFaults()
        link.throttle(megabitsPerSecond: nil)
    }
}
