import LayerFormat
import OCI
import Testing

@testable import Layers

/// Segments of 10 bytes content and 5 compressed; those listed in `empty` have no content.
private struct Table: SegmentedLayer {
    var segmentCount: Int
    var empty: Set<Int> = []

    var blobSize: Int64 { Int64(segmentCount) * 5 }
    var contentSize: Int64 { Int64(segmentCount - empty.count) * 10 }

    func segment(_ number: Int) -> Segment {
        let before = Int64(number - empty.count(where: { $0 < number })) * 10
        return Segment(
            number: number, compressed: Int64(number) * 5..<Int64(number) * 5 + 5,
            content: before..<before + (empty.contains(number) ? 0 : 10), digest: Digest(of: []))
    }

    func segmentNumber(containing offset: Int64) -> Int {
        (0..<segmentCount).last { segment($0).content.contains(offset) } ?? 0
    }

    func makeDecoder(for number: Int) throws -> any SegmentDecoder { throw LayerFormatError(.unsupported, "") }
    func window(before number: Int) throws -> [UInt8]? { nil }
}

@Suite struct SegmentStatesTests {
    private func states(_ count: Int = 20, empty: Set<Int> = []) -> SegmentStates {
        SegmentStates(layer: Table(segmentCount: count, empty: empty))
    }

    private func starts(_ actions: [SegmentStates.Action]) -> [Int] {
        actions.compactMap { if case .start(let id, _, _) = $0 { id } else { nil } }
    }

    @Test func neighboursAreOneRequestUpToTheLimit() {
        var states = states()
        let ids = starts(states.want(3..<10, .demand, maxBytes: 15).actions)
        #expect(ids.compactMap { states.requests[$0]?.segments } == [3..<6, 6..<9, 9..<10])
    }

    @Test func aSegmentLargerThanTheLimitIsStillFetched() {
        var states = states()
        let ids = starts(states.want(0..<2, .demand, maxBytes: 1).actions)
        #expect(ids.compactMap { states.requests[$0]?.segments } == [0..<1, 1..<2])
    }

    @Test func segmentsWithoutContentAreNeverFetchedAndDoNotPart() {
        var states = states(10, empty: [0, 3, 4, 9])
        #expect(states.count == 6)
        let ids = starts(states.want(0..<10, .demand, maxBytes: 100).actions)
        #expect(ids.compactMap { states.requests[$0]?.segments } == [1..<9])
        for number in [1, 2, 5, 6, 7] { #expect(states.arrived(number).isEmpty) }
        #expect(states.arrived(8).count == 1)
        #expect(states.isComplete && states.presentBytes == 60)
    }

    @Test func whatIsOnItsWayIsJoinedAndHurried() {
        var states = states()
        let (_, first) = states.want(2..<4, .background, maxBytes: 100)
        let id = starts(first)[0]
        let (_, second) = states.want(3..<6, .demand, maxBytes: 100)
        #expect(second.first == .prioritize(id, .demand))
        #expect(starts(second).compactMap { states.requests[$0]?.segments } == [4..<6])
    }

    @Test func lastOneOutCancels() {
        var states = states()
        let one = states.want(0..<2, .demand, maxBytes: 100)
        let two = states.want(1..<2, .background, maxBytes: 100)
        let id = starts(one.actions)[0]
        #expect(states.drop(one.id) == [.prioritize(id, .background)])
        #expect(states.drop(two.id) == [.cancel(id)])
        #expect(states.drop(two.id).isEmpty)
        #expect(states.begin(id, maxBytes: 100) == nil)
        // Who comes before it has ended waits for the end, and asks again.
        let three = states.want(0..<1, .demand, maxBytes: 100)
        #expect(three.actions.isEmpty)
        #expect(states.ended(id) == [three.id])
        #expect(starts(states.want(0..<1, .demand, maxBytes: 100).actions).count == 1)
    }

    @Test func whatWasAskedForWithoutWaitingGoesOn() {
        var states = states()
        let id = starts(states.ask(0..<2, .readAhead, maxBytes: 100))[0]
        let want = states.want(1..<2, .demand, maxBytes: 100)
        #expect(want.actions == [.prioritize(id, .demand)])
        #expect(states.drop(want.id) == [.prioritize(id, .readAhead)])
        #expect(states.begin(id, maxBytes: 100)?.segments == 0..<2)
    }

    @Test func aRequestTakesOverWaitingNeighbours() throws {
        var states = states()
        let middle = states.want(5..<6, .demand, maxBytes: 100)
        let after = states.want(6..<8, .demand, maxBytes: 100)
        let before = states.want(3..<5, .demand, maxBytes: 100)
        let lazy = states.want(8..<9, .background, maxBytes: 100)
        let taken = states.begin(starts(middle.actions)[0], maxBytes: 100)
        let begun = try #require(taken)
        #expect(begun.segments == 3..<8, "but not the less urgent one behind")
        #expect(Set(begun.absorbed) == Set(starts(after.actions) + starts(before.actions)))
        #expect(states.ended(starts(after.actions)[0]).isEmpty, "what was taken over has nothing to give up")
        for number in 3..<8 { _ = states.arrived(number) }
        #expect(Set(states.wants.keys) == [lazy.id])
    }

    @Test func takingOverKeepsToTheLimit() {
        var states = states()
        let one = states.want(0..<2, .demand, maxBytes: 100)
        _ = states.want(2..<5, .demand, maxBytes: 100)
        #expect(states.begin(starts(one.actions)[0], maxBytes: 24)?.segments == 0..<2)
    }

    @Test func whatIsOwedComesInRuns() throws {
        var states = states(empty: [2, 5])
        let reader = states.want(0..<6, .demand, maxBytes: 100)
        let id = starts(reader.actions)[0]
        #expect(states.owed(by: id, from: 0) == 0..<5, "none without content at the end")
        #expect(states.owed(by: id, from: 2) == 3..<5)
        _ = states.arrived(3)
        #expect(states.owed(by: id, from: 0) == 0..<2)
        #expect(states.owed(by: id, from: 2) == 4..<5)
        _ = states.arrived(4)
        #expect(states.owed(by: id, from: 2) == nil)
        #expect(states.ended(id) == [reader.id] && states.owed(by: id, from: 0) == nil)
    }

    @Test func evictionSparesWhatIsWanted() throws {
        var states = states(10, empty: [2])
        for number in 0..<8 where number != 2 { states.set(number, number == 5 ? .unchecked : .present) }
        let reader = states.want(3..<9, .demand, maxBytes: 100)
        #expect(states.beginEviction([3, 8, 9]) == nil, "wanted, or not there")
        _ = states.drop(reader.id)
        let begun = states.beginEviction([0, 1, 2, 9])
        let eviction = try #require(begun)
        #expect(Set(eviction.states.keys) == [0, 1])
        #expect(states.presentCount == 4 && !states.areReadable(0..<1))
        // Whoever comes waits for the end and asks again; nothing is fetched into it, and nothing cancels it.
        let one = states.want(0..<2, .demand, maxBytes: 100)
        let two = states.want(1..<2, .background, maxBytes: 100)
        #expect(starts(one.actions).isEmpty && starts(two.actions).isEmpty)
        #expect(!states.drop(two.id).contains(.cancel(eviction.id)))
        #expect(states.endEviction(eviction) == [one.id])
        #expect(states.states[0] == .absent && states.states[1] == .absent && states.requests[eviction.id] == nil)
    }

    @Test func anEvictionThatFailsLeavesAllAsItWas() throws {
        var states = states(4)
        states.set(1, .present)
        states.set(2, .unchecked)
        let begun = states.beginEviction([1, 2])
        let eviction = try #require(begun)
        let reader = states.want(2..<3, .demand, maxBytes: 100)
        #expect(states.endEviction(eviction, keeping: [1, 2]) == [reader.id])
        #expect(states.states == [.absent, .present, .unchecked, .absent])
        #expect(states.owners.isEmpty && states.presentBytes == 10)
    }

    @Test func checksComeBeforeUse() {
        var states = states()
        for number in 2..<5 { states.set(number, .unchecked) }
        #expect(!states.areReadable(2..<3))
        let (id, actions) = states.want(1..<6, .demand, maxBytes: 100)
        let kinds = starts(actions).compactMap { states.requests[$0] }.map { ($0.kind == .check, $0.segments) }
        #expect(kinds.map(\.0) == [false, true, false])
        #expect(kinds.map(\.1) == [1..<2, 2..<5, 5..<6])
        // One does not hold: who waits asks again, and it is fetched.
        _ = states.arrived(2)
        _ = states.arrived(4)
        #expect(states.ended(starts(actions)[1]) == [id])
        #expect(states.states[3] == .absent)
    }

    @Test func progressShowsInTheStamp() throws {
        var states = states()
        let (id, actions) = states.want(0..<2, .demand, maxBytes: 100)
        var last = try #require(states.stamp(of: id))
        states.received(3, by: starts(actions)[0])
        #expect(try #require(states.stamp(of: id)) > last)
        last = try #require(states.stamp(of: id))
        _ = states.arrived(0)
        #expect(try #require(states.stamp(of: id)) > last)
        _ = states.arrived(1)
        #expect(states.stamp(of: id) == nil)
    }

    @Test func missingRunsAscend() {
        var states = states(6)
        states.set(1, .present)
        states.set(4, .held)
        #expect(states.missing(from: 0, maxBytes: 100) == 0..<1)
        #expect(states.missing(from: 1, maxBytes: 100) == 2..<4)
        #expect(states.missing(from: 2, maxBytes: 5) == 2..<3)
        #expect(states.missing(from: 6, maxBytes: 5) == nil)
        #expect(!states.isComplete)
    }

    /// Whatever happens in whatever order: every want ends, nothing is fetched twice at a time, no request is forgotten.
    @Test(arguments: 0..<20)
    func randomHistoriesEndWell(_ seed: UInt64) {
        var random = SplitMix(state: seed)
        var states = states(30, empty: [0, 7, 8, 29])
        var begun: [Int: Range<Int>] = [:]
        for _ in 0..<400 {
            let start = Int.random(in: 1..<28, using: &random)
            let range = start..<min(29, start + Int.random(in: 1...6, using: &random))
            switch Int.random(in: 0..<6, using: &random) {
            case 0 where !states.areReadable(range):
                _ = states.want(range, TransferPriority.allCases.randomElement(using: &random) ?? .demand, maxBytes: 20)
            case 1: _ = states.ask(range, .readAhead, maxBytes: 15)
            case 2: if let want = states.wants.keys.sorted().randomElement(using: &random) { _ = states.drop(want) }
            case 3:
                if let id = states.requests.keys.sorted().first(where: { states.requests[$0]?.hasBegun == false }) {
                    if let (segments, absorbed) = states.begin(id, maxBytes: 30) {
                        begun[id] = segments
                        for other in absorbed { #expect(states.ended(other).isEmpty) }
                    } else {
                        _ = states.ended(id)
                    }
                }
            case 4:
                if let (id, _) = begun.min(by: { $0.key < $1.key }), let owed = states.owed(by: id, from: 0) {
                    _ = states.arrived(owed.lowerBound)
                }
            default:
                if let (id, _) = begun.min(by: { $0.key < $1.key }) {
                    _ = states.ended(id)
                    begun[id] = nil
                }
            }
            for (number, owner) in states.owners {
                #expect(states.states[number] == .inFlight)
                #expect(states.requests[owner]?.segments.contains(number) == true)
            }
            #expect(
                states.states.indices.filter { states.states[$0] == .inFlight }.allSatisfy { states.owners[$0] != nil })
            for want in states.wants.values {
                #expect(!states.areReadable(want.segments))
                #expect(!states.requestsTouching(want.segments).isEmpty, "a want that nothing works for")
            }
        }
    }
}

struct SplitMix: RandomNumberGenerator {
    var state: UInt64

    mutating func next() -> UInt64 {
        state &+= 0x9e37_79b9_7f4a_7c15
        var word = state
        word = (word ^ (word >> 30)) &* 0xbf58_476d_1ce4_e5b9
        word = (word ^ (word >> 27)) &* 0x94d0_49bb_1331_11eb
        return word ^ (word >> 31)
    }
}
