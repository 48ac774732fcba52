import OCI
import Policy
import Testing

/// What holds for every combination of facts.
@Suite("Random facts")
struct RandomFactsTests {
    @Test("12,000 decisions keep the promises", arguments: 0..<8)
    func promises(_ seed: Int) throws {
        var dice = Dice(state: UInt64(seed))
        for _ in 0..<1_500 {
            let facts = randomFacts(&dice)
            let options = randomOptions(&dice)
            let decision = options.decide(facts)

            #expect(options.decide(facts) == decision)
            #expect(decision.layers.map(\.digest) == facts.layers.map(\.digest))
            let first = try #require(decision.reasons.first)
            #expect(Self.deciding.contains(first.code))
            #expect(decision.reasons.dropFirst().allSatisfy { $0.code != .indexFound && $0.code != .alreadyLocal })

            let isServed = facts.manifest == .runnable && facts.attachment == .attached
            if !isServed { #expect(decision.strategy == .pull) }
            for (layer, plan) in zip(facts.layers, decision.layers) where plan.action == .stream {
                #expect(decision.strategy == .stream)
                #expect(isMountable(layer, facts))
            }
            let undecodable = facts.layers.contains { layer in
                !(layer.isLocal && !layer.isPoisoned) && layer.compression != .gzip && layer.compression != .none
            }
            if undecodable { #expect(decision.strategy == .pull) }
            if decision.strategy == .stream, !facts.layers.isEmpty {
                #expect(decision.layers.contains { $0.action == .stream })
            }
            if let wish = facts.podAnnotation.flatMap(Strategy.init(rawValue:)), wish != decision.strategy {
                #expect(decision.reasons.contains { $0.code == .requestNotPossible })
            }
        }
    }

    private static let deciding = Set(Reason.Code.allCases.prefix(10))

    private func isMountable(_ layer: LayerFact, _ facts: Facts) -> Bool {
        if layer.isPoisoned { return false }
        if layer.isLocal { return true }
        guard case .found(let index) = facts.index, facts.ranges == .supported else { return false }
        if let digest = index.digest, facts.poisonedIndexes.contains(digest) { return false }
        return index.coveredLayers.contains(layer.digest)
    }

    private func randomOptions(_ dice: inout Dice) -> PolicyOptions {
        var options = PolicyOptions()
        options.streamThreshold = [0, 1000, 250 << 20, .max, -1].randomElement(using: &dice) ?? 0
        options.smallLayer = [0, 100, 10 << 20, .max].randomElement(using: &dice) ?? 0
        if Bool.random(using: &dice) {
            let strategy = Strategy.allCases.randomElement(using: &dice) ?? .pull
            options.rules = [.init(ReferencePattern("**/a:*"), strategy)]
        }
        return options
    }

    private func randomFacts(_ dice: inout Dice) -> Facts {
        let count = Int.random(in: 0...6, using: &dice)
        let layers = (0..<count).map { _ in
            LayerFact(
                digest: digest(Int.random(in: 0...8, using: &dice)),
                compressedSize: [0, 1, 99, 5 << 20, 400 << 20, .max, .min].randomElement(using: &dice) ?? 0,
                compression: [.gzip, .gzip, .gzip, .none, .zstd, .other].randomElement(using: &dice) ?? .gzip,
                isLocal: Int.random(in: 0...2, using: &dice) == 0,
                isPoisoned: Int.random(in: 0...9, using: &dice) == 0)
        }
        let covered = (0...8).filter { _ in Bool.random(using: &dice) }
        let indexes = [makeIndex(covered), makeOwnIndex(covered), .none, .refused("401"), .unknown("timeout")]
        return Facts(
            reference: named(["a", "b", "ghcr.io/x/a:1"].randomElement(using: &dice) ?? "a"),
            manifest: Int.random(in: 0...9, using: &dice) == 0 ? .unsupported(why: "an artifact") : .runnable,
            attachment: Int.random(in: 0...9, using: &dice) > 0 ? .attached : .detached(why: "it is another's"),
            layers: layers,
            podAnnotation: [nil, nil, "stream", "prefetch", "pull", "nonsense"].randomElement(using: &dice) ?? nil,
            index: indexes.randomElement(using: &dice) ?? .none,
            ranges: [.supported, .supported, .unsupported, .unknown("reset")].randomElement(using: &dice) ?? .supported,
            poisonedIndexes: Int.random(in: 0...9, using: &dice) == 0 ? [digest(1000)] : [])
    }
}
