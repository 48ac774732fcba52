import Foundation
import LayerFormat
import Linux
import OCI
import Synchronization
import Testing

@testable import Layers

/// What the parts of a race tell each other.
private final class Tally: Sendable {
    let isOver = Atomic<Bool>(false)
    let reads = Atomic<Int>(0)
    let evicted = Atomic<Int64>(0)
}

@Suite(.timeLimit(.minutes(10)))
struct EvictionTests {
    /// Of several MiB, as stamps of use are one a MiB.
    private static let large = Task { try await MadeLayer(sizes: [2_000_000, 5, 3_000_000], spanSize: 256 << 10) }

    /// Returns when the layer may be evicted: its completion is over, and on record.
    private func recorded(_ layer: Layer) async throws {
        try await eventually {
            layer.state.withLock {
                $0.isRecorded && $0.recordings == 0 && $0.completion == nil && $0.completers == 0
            }
        }
    }

    private func store(_ made: MadeLayer, _ root: String, grace: UInt32 = 0) -> LayerStore {
        made.store(root) { ($0.evictionGrace, $0.maxReadAhead) = (grace, 0) }
    }

    @Test func whatIsEvictedIsFreeAndComesBack() async throws {
        let made = try await Self.large.value
        let size = try made.table.contentSize
        let source = made.source
        try await withDirectory { root in
            let store = store(made, root)
            try await running(store) {
                let layer = try await store.prefetch(made.description, source: source)
                #expect(layer.progress.state == .complete)
                var events = store.events.makeAsyncIterator()
                #expect(await events.next() == .complete(made.description.blob))
                try await recorded(layer)
                let before = try layer.files.tar.allocatedBytes()
                let offered = await store.evictable(.max)
                #expect(offered.bytes == size && offered.layers == 1)
                let freed = await store.evict(1_000_000)
                #expect(freed >= 1_000_000 && freed < 1_600_000)
                #expect(await events.next() == .evicted(made.description.blob, freed))
                #expect(try layer.files.tar.allocatedBytes() <= before - freed + 16384)
                let progress = layer.progress
                #expect(progress.state == .streaming && progress.contentPresent == size - freed)
                let reads = source.reads.count
                try await made.expects(layer, 0..<size)
                #expect(source.reads.count > reads)
                #expect(try layer.local(0..<size)?.elementsEqual(made.tar[..<Int(size)]) == true)
                // Complete again, checked as before.
                store.startFill(made.description.blob)
                try await eventually { layer.progress.state == .complete }
                #expect(layer.progress.isVerified)
                try await recorded(layer)
                #expect(await store.evict(.max) == size)
                #expect(try layer.files.tar.allocatedBytes() <= 16384)
            }
        }
    }

    @Test func theLeastRecentlyUsedGoFirst() async throws {
        let made = try await Self.large.value
        let size = try made.table.contentSize
        try await withDirectory { root in
            let store = store(made, root)
            try await running(store) {
                let layer = try await store.prefetch(made.description, source: made.source)
                for range in [Int64(2 << 20)..<size, 1_000..<2_000] {
                    store.parts.moveOn()
                    try await made.expects(layer, range)
                }
                try await recorded(layer)
                #expect(await store.evict(1) > 0)
                #expect(try layer.local(0..<1000) != nil, "read last")
                #expect(try layer.local(2 << 20..<size) != nil, "read since")
                #expect(try layer.local(1 << 20..<2 << 20) == nil, "only fetched")
            }
        }
    }

    @Test func whatWasJustUsedStays() async throws {
        let made = try await MadeLayer.usual.value
        try await withDirectory { root in
            // The store's own clock moves, too.
            let store = store(made, root, grace: 10_000)
            try await running(store) {
                let layer = try await store.prefetch(made.description, source: made.source)
                #expect(await store.evict(.max) == 0)
                for _ in 0..<20_000 { store.parts.moveOn() }
                try await made.expects(layer, 0..<made.table.contentSize)
                try await recorded(layer)
                #expect(await store.evict(.max) == 0)
                for _ in 0..<10_000 { store.parts.moveOn() }
                #expect(await store.evict(.max) > 0)
            }
        }
    }

    @Test(arguments: [BlobError.Code.rangesUnsupported, .notFound, .refused, .unavailable])
    func whatCannotBeHadAgainStays(_ code: BlobError.Code) async throws {
        let made = try await MadeLayer.usual.value
        let blob = made.description.blobSize
        try await withDirectory { root in
            let store = store(made, root)
            try await running(store) {
                let source = ScriptedSource(made.blob) { _, range in range != 0..<blob ? .fails(code) : nil }
                let layer = try await store.prefetch(made.description, source: source)
                try await recorded(layer)
                #expect(await store.evict(.max) == 0)
                #expect(await store.evictable(.max) == LayerStore.Evictable())
                #expect(layer.progress.state == .complete)
                try await made.expects(layer, 0..<made.table.contentSize)
            }
        }
    }

    @Test func pinnedAndLentLayersStay() async throws {
        let made = try await MadeLayer.usual.value
        try await withDirectory { root in
            let store = store(made, root)
            try await running(store) {
                let layer = try await store.prefetch(made.description, source: made.source)
                try await recorded(layer)
                #expect(await store.evict(.max, except: [made.description.blob]) == 0)
                #expect(layer.lend())
                try await lentStays(layer, store)
                for _ in 0..<300 { store.parts.moveOn() }
                #expect(await store.evict(.max) > 0, "nobody has it open any more")
                #expect(!layer.lend(), "not all here")
            }
        }
    }

    /// While somebody else has the tar open, which the kernel has for a file system on it.
    private func lentStays(_ layer: Layer, _ store: LayerStore) async throws {
        let reader = try File(layer.files.tar.path)
        #expect(await store.evict(.max) == 0)
        #expect(layer.progress.state == .complete)
        withExtendedLifetime(reader) {}
    }

    /// A restart, orderly or not, must not take a hole for content.
    @Test(arguments: [false, true])
    func aRestartKnowsWhatWasEvicted(isKilled: Bool) async throws {
        let made = try await Self.large.value
        let size = try made.table.contentSize
        try await withDirectory { root in
            let first = store(made, root)
            let (gone, again) = try await running(first) {
                let layer = try await first.prefetch(made.description, source: made.source)
                try await recorded(layer)
                let gone = await first.evict(2_000_000)
                // One of them came back.
                try await made.expects(layer, 0..<1000)
                if isKilled { try tool("cp", "-a", "--sparse=always", root + "/layers", root + "/killed") }
                return (gone, layer.progress.contentPresent - (size - gone))
            }
            #expect(gone > 0 && again > 0)
            if isKilled {
                try FileManager.default.removeItem(atPath: root + "/layers")
                try FileManager.default.moveItem(atPath: root + "/killed", toPath: root + "/layers")
            }
            let source = made.source
            let second = store(made, root)
            try await running(second) {
                let layer = try second.restore(made.description, source: source)
                #expect(layer.progress.contentPresent == size - gone + (isKilled ? 0 : again))
                try await made.expects(layer, 0..<size)
                let fetched = source.ranges.reduce(0) { $0 + $1.count }
                #expect(fetched > 0 && fetched < made.blob.count / 2)
            }
        }
    }

    /// In a run that is over when this returns: nobody has its files open any more.
    private func leaveBytes(_ made: MadeLayer, in root: String) async throws {
        let first = store(made, root)
        try await running(first) {
            let layer = try await first.prepare(
                made.description, tableOfContents: made.tableOfContents, source: made.source)
            try await made.expects(layer, 0..<1000)
            try layer.files.tar.write([UInt8](repeating: 1, count: 1_000_000), at: 2_000_000)
        }
    }

    /// What lies in the tar without a record, or behind the record of an eviction that was not finished, is freed by the next start.
    @Test func bytesNobodyAccountsForAreFreed() async throws {
        let made = try await Self.large.value
        try await withDirectory { root in
            try await leaveBytes(made, in: root)
            let path = "\(root)/layers/\(made.description.blob.hex)/layer.tar"
            try await eventually { try !File(path, .readWrite).isOpenElsewhere() }
            let second = store(made, root)
            try await running(second) {
                let layer = try second.restore(made.description, source: made.source)
                #expect(try layer.files.tar.allocatedBytes() < layer.progress.contentPresent + 16384)
                try await made.expects(layer, 0..<made.table.contentSize)
            }
        }
    }

    @Test func anOrderThatWasNotFinishedIsNotServed() async throws {
        let made = try await Self.large.value
        let table = try made.table
        try await withDirectory { root in
            let first = store(made, root)
            try await running(first) {
                let layer = try await first.prefetch(made.description, source: made.source)
                try await recorded(layer)
                // Recorded, and cut off before the hole.
                try layer.journal.append([.dropped(number: 1), .dropped(number: 3)])
            }
            let source = made.source
            let second = store(made, root)
            try await running(second) {
                let layer = try second.restore(made.description, source: source)
                #expect(try layer.local(table.segment(1).content) == nil)
                try await made.expects(layer, 0..<table.contentSize)
                #expect(
                    Set(source.ranges) == [table.segment(1).compressed, table.segment(3).compressed])
            }
        }
    }

    @Test func aClosedGateStopsTheFill() async throws {
        let made = try await Self.large.value
        let source = made.source
        try await withDirectory { root in
            let store = store(made, root)
            try await running(store) {
                let layer = try await store.prepare(
                    made.description, tableOfContents: made.tableOfContents, source: source)
                store.allowFill(false)
                store.startFill(made.description.blob)
                // A reader is served all the same.
                try await made.expects(layer, 0..<1000)
                let before = layer.progress.contentPresent
                for _ in 0..<50 { try await Task.sleep(for: .milliseconds(2)) }
                #expect(layer.progress.contentPresent == before)
                store.allowFill(true)
                try await eventually { layer.progress.state == .complete }
            }
        }
    }

    /// Readers compare every byte while segments are taken from under them, in layers that stream and in ones that are whole again.
    @Test func readersNeverSeeAHole() async throws {
        let made = try await Self.large.value
        let size = try made.table.contentSize
        try await withDirectory { root in
            let store = store(made, root)
            try await running(store) {
                let layer = try await store.prefetch(made.description, source: made.source)
                let tally = Tally()
                try await withThrowingTaskGroup(of: Void.self) { group in
                    for seed in 0..<2 {
                        group.addTask {
                            var random = SystemRandomNumberGenerator()
                            var turn = seed
                            while !tally.isOver.load(ordering: .relaxed) {
                                // Some read here and there, some all in order, as one that fills.
                                let start =
                                    seed == 0 ? Int64(turn) * 65536 % size : Int64(random.next() % UInt64(size))
                                let range = start..<min(size, start + 131_072)
                                turn += 1
                                while true {
                                    if let bytes = try layer.local(range) {
                                        guard bytes == Array(made.tar[Int(range.lowerBound)..<Int(range.upperBound)])
                                        else {
                                            Issue.record("wrong bytes in \(range)")
                                            tally.isOver.store(true, ordering: .relaxed)
                                            return
                                        }
                                        tally.reads.add(1, ordering: .relaxed)
                                        break
                                    }
                                    try await layer.makeLocal(range)
                                }
                                await Task.yield()
                            }
                        }
                    }
                    group.addTask {
                        for round in 0..<16 where !tally.isOver.load(ordering: .relaxed) {
                            if round % 4 == 0 {
                                // All of it here, so that readers take the way without a lock.
                                try? await layer.complete(.prefetch, isGentle: false)
                            }
                            tally.evicted.add(await store.evict(round % 3 == 0 ? .max : 1_500_000), ordering: .relaxed)
                            await Task.yield()
                        }
                        tally.isOver.store(true, ordering: .relaxed)
                    }
                    for try await _ in group {}
                }
                #expect(tally.reads.load(ordering: .relaxed) > 20)
                #expect(tally.evicted.load(ordering: .relaxed) > size)
                #expect(layer.isReadable, "a check of neighbours must not take a hole for their content")
            }
        }
    }

    @Test func thePlanTakesTheOldestUntilItIsEnough() {
        let candidates = (0..<12).map { number in
            EvictionPlan.Candidate(layer: number % 3, segment: number, bytes: 10, stamp: UInt32(number / 4))
        }
        let plan = EvictionPlan(freeing: 55, among: candidates.shuffled())
        #expect(plan.bytes == 60)
        #expect(plan.segments == [0: [0, 3, 6], 1: [1, 4], 2: [2]])
        #expect(EvictionPlan(freeing: 0, among: candidates).segments.isEmpty)
        #expect(EvictionPlan(freeing: .max, among: candidates).bytes == 120)
        #expect(EvictionPlan(freeing: 5, among: []).bytes == 0)
    }

    @Test func stampsAreOfTheLatestUse() {
        let stamps = UseStamps(contentSize: 600 << 20)
        stamps.note(5 << 20..<6 << 20, 7)
        stamps.note(300 << 20..<600 << 20, 9)
        #expect(stamps.latest(of: 0..<5 << 20) == 0)
        #expect(stamps.latest(of: 0..<5 << 20 + 1) == 7)
        #expect(stamps.latest(of: 0..<301 << 20) == 9)
        #expect(stamps.latest(of: 600 << 20 - 1..<600 << 20) == 9)
        #expect(stamps.takeNews() && !stamps.takeNews())
        stamps.note(0..<1, 10)
        #expect(stamps.takeNews())
        let vast = UseStamps(contentSize: 16 << 40)
        vast.note(16 << 40 - 1..<16 << 40, 3)
        #expect(vast.latest(of: 16 << 40 - 1..<16 << 40) == 3 && vast.latest(of: 0..<15 << 40) == 0)
        let restored = UseStamps(contentSize: 1, before: 5)
        #expect(restored.latest(of: 0..<1) == 5 && !restored.takeNews())
    }

    /// In a run that is over when this returns: nobody has its files open any more.
    private func useTheFirst(of layers: [MadeLayer], in root: String, isKilled: Bool) async throws {
        let first = store(layers[0], root)
        try await running(first) {
            for made in layers {
                let layer = try await first.prefetch(made.description, source: made.source)
                try await recorded(layer)
                try tool("touch", "-d", "-1 hour", layer.files.tableOfContents.file.path)
                // So far it counts as noted.
                _ = layer.uses.takeNews()
            }
            first.parts.moveOn()
            try await layers[0].expects(try #require(first.layer(layers[0].description.blob)), 0..<1000)
            if isKilled {
                await first.noteUses()
                try tool("cp", "-a", "--sparse=always", root + "/layers", root + "/killed")
            }
        }
    }

    /// The first of two layers is used last; that must be known after a restart, orderly or not.
    @Test(arguments: [false, true])
    func aRestartKnowsWhatWasUsedLately(isKilled: Bool) async throws {
        let layers = [try await MadeLayer.usual.value, try await MadeLayer(sizes: [400_000], slot: 2)]
        try await withDirectory { root in
            try await useTheFirst(of: layers, in: root, isKilled: isKilled)
            if isKilled {
                try FileManager.default.removeItem(atPath: root + "/layers")
                try FileManager.default.moveItem(atPath: root + "/killed", toPath: root + "/layers")
            }
            let second = store(layers[0], root)
            try await running(second) {
                let restored = try layers.map { try second.restore($0.description, source: $0.source) }
                try await eventually { restored.allSatisfy { !$0.files.tar.isOpenElsewhere() } }
                #expect(await second.evict(1) > 0)
                #expect(restored[0].progress.state == .complete)
                #expect(restored[1].progress.contentPresent < restored[1].progress.contentSize)
            }
        }
    }
}
