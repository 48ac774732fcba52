import Dispatch
import Foundation
import LayerFormat
import OCI
import Testing

@testable import Layers

@Suite(.timeLimit(.minutes(5)))
struct FaultTests {
    private func streaming(
        _ made: MadeLayer, _ source: ScriptedSource, _ change: @Sendable (inout LayerStoreOptions) -> Void = { _ in },
        _ body: @Sendable (LayerStore, Layer) async throws -> Void
    ) async throws {
        try await withDirectory { directory in
            let store = made.store(directory, change)
            try await running(store) {
                let layer = try await store.prepare(
                    made.description, tableOfContents: made.tableOfContents, source: source)
                try await body(store, layer)
            }
        }
    }

    @Test(arguments: [1, 4])
    func wrongBytesAreFetchedAgainAndNeverServed(_ times: Int) async throws {
        let made = try await MadeLayer.usual.value
        let source = ScriptedSource(made.blob) { read, _ in read < times ? .wrong : nil }
        try await streaming(made, source) { _, layer in
            try await made.expects(layer, 200_000..<200_100)
            #expect(source.ranges.count == times + 1)
            #expect(source.wrong == Array(repeating: source.ranges[0], count: times))
        }
    }

    @Test func bytesThatStayWrongAreAnErrorAfterTheTimeoutAndALaterReadTriesAgain() async throws {
        let made = try await MadeLayer.usual.value
        let isWrong = Guarded(true)
        let source = ScriptedSource(made.blob) { _, _ in isWrong.withLock { $0 ? .wrong : nil } }
        try await streaming(made, source, { $0.readTimeout = .seconds(2) }) { _, layer in
            let error = await #expect(throws: LayerError.self) { try await layer.bytes(200_000..<200_100) }
            #expect(error?.code == .timedOut)
            #expect(error?.message.contains("do not have its digest") == true)
            #expect(source.ranges.count > 2)
            #expect(try layer.local(200_000..<200_100) == nil)
            isWrong.withLock { $0 = false }
            try await made.expects(layer, 200_000..<200_100)
        }
    }

    @Test func aPullOfBytesThatStayWrongFails() async throws {
        let made = try await MadeLayer.usual.value
        let source = ScriptedSource(made.blob) { _, _ in .wrong }
        try await streaming(made, source) { _, layer in
            let error = await #expect(throws: LayerError.self) { try await layer.complete(.prefetch, isGentle: false) }
            #expect(error?.code == .mismatch)
        }
    }

    @Test func oneWrongSegmentDoesNotSpoilItsNeighbours() async throws {
        let made = try await MadeLayer.usual.value
        let table = try made.table
        let bad = table.segment(3)
        var blob = made.blob
        blob[Int(bad.compressed.lowerBound) + 100] ^= 0x10
        let source = ScriptedSource(blob)
        try await streaming(made, source) { _, layer in
            let reader = Task { try await layer.makeLocal(0..<table.contentSize) }
            try await eventually { source.wrong.count > 1 && layer.progress.segmentsPresent == table.segmentCount - 1 }
            #expect(Set(source.wrong) == [bad.compressed])
            #expect(try layer.local(bad.content) == nil)
            try await made.expects(layer, 0..<bad.content.lowerBound)
            try await made.expects(layer, bad.content.upperBound..<table.contentSize)
            // What is here is not fetched again with it.
            #expect(source.ranges.last == bad.compressed)
            reader.cancel()
            await #expect(throws: CancellationError.self) { try await reader.value }
            try await eventually { source.active == 0 }
        }
    }

    @Test(arguments: [0, 1, 5_000, 40_000, 100_000])
    func aCutTransferIsTakenUpAgain(_ after: Int) async throws {
        let made = try await MadeLayer.usual.value
        let source = ScriptedSource(made.blob) { read, _ in read == 0 ? .cut(after: after) : nil }
        try await streaming(made, source) { _, layer in
            try await made.expects(layer, 0..<made.table.contentSize)
            #expect(source.ranges.count == 2)
        }
    }

    @Test func aSourceThatEndsEarlyIsAskedAgain() async throws {
        let made = try await MadeLayer.usual.value
        let source = ScriptedSource(made.blob) { read, _ in read == 0 ? .short(50_000) : nil }
        try await streaming(made, source) { _, layer in try await made.expects(layer, 0..<made.table.contentSize) }
    }

    @Test(arguments: [BlobError.Code.notFound, .refused])
    func aFinalAnswerIsAnErrorAtOnceAndIsNotRemembered(_ code: BlobError.Code) async throws {
        let made = try await MadeLayer.usual.value
        let source = ScriptedSource(made.blob) { read, _ in read == 0 ? .fails(code) : nil }
        try await streaming(made, source) { _, layer in
            let error = await #expect(throws: LayerError.self) { try await layer.bytes(0..<10) }
            #expect(error?.code == .unavailable)
            try await made.expects(layer, 0..<10)
        }
    }

    @Test(arguments: [BlobError.Code.unavailable, .corrupt, .rangesUnsupported])
    func aPassingFailureIsWaitedOut(_ code: BlobError.Code) async throws {
        let made = try await MadeLayer.usual.value
        let source = ScriptedSource(made.blob) { read, _ in read < 2 ? .fails(code) : nil }
        try await streaming(made, source) { _, layer in try await made.expects(layer, 0..<10) }
    }

    @Test func aReadThatGetsNothingFailsAndALaterOneTriesAgain() async throws {
        let made = try await MadeLayer.usual.value
        let source = ScriptedSource(made.blob) { read, _ in read == 0 ? .stalls : nil }
        try await streaming(made, source, { $0.readTimeout = .milliseconds(100) }) { _, layer in
            let error = await #expect(throws: LayerError.self) { try await layer.bytes(0..<10) }
            #expect(error?.code == .timedOut)
            try await eventually { source.reads[0].wasCancelled }
            try await made.expects(layer, 0..<10)
        }
    }

    @Test func aDeadSourceFailsWithinTheTimeoutWithItsReason() async throws {
        let made = try await MadeLayer.usual.value
        let source = ScriptedSource(made.blob) { _, _ in .fails(.unavailable) }
        try await streaming(made, source, { $0.readTimeout = .seconds(2) }) { _, layer in
            let error = await #expect(throws: LayerError.self) { try await layer.bytes(0..<10) }
            #expect(error?.code == .timedOut)
            #expect(error?.message.contains("scripted: unavailable") == true)
        }
    }

    @Test func aTrickleDoesNotHoldAReaderForever() async throws {
        let made = try await MadeLayer.usual.value
        let source = ScriptedSource(made.blob) { _, _ in .trickles }
        try await streaming(made, source, { ($0.readTimeout, $0.readDeadline) = (.seconds(2), .seconds(1)) }) {
            _, layer in
            let error = await #expect(throws: LayerError.self) { try await layer.bytes(0..<10) }
            #expect(error?.code == .timedOut)
            #expect(error?.message.contains("too little") == true)
            try await eventually { source.active == 0 }
        }
    }

    @Test func aReaderThatGoesTakesItsTransferAlong() async throws {
        let made = try await MadeLayer.usual.value
        let source = ScriptedSource(made.blob) { read, _ in read == 0 ? .stalls : nil }
        try await streaming(made, source) { _, layer in
            let reader = Task { try await layer.makeLocal(0..<10) }
            try await eventually { source.reads.first?.delivered ?? 0 > 0 }
            reader.cancel()
            await #expect(throws: CancellationError.self) { try await reader.value }
            try await eventually { source.reads[0].wasCancelled }
            try await made.expects(layer, 0..<10)
        }
    }

    @Test func aTransferGoesOnWhileOneReaderIsLeft() async throws {
        let made = try await MadeLayer.usual.value
        let source = ScriptedSource(made.blob) { _, _ in .waits }
        try await streaming(made, source) { _, layer in
            let leaving = Task { try await layer.makeLocal(0..<10) }
            let staying = Task { try await layer.makeLocal(0..<20) }
            try await eventually { layer.progress.waiting == 2 && source.reads.count == 1 }
            leaving.cancel()
            await #expect(throws: CancellationError.self) { try await leaving.value }
            source.openGate()
            try await staying.value
            #expect(source.reads.count == 1 && !source.reads[0].wasCancelled)
        }
    }

    @Test func aForgedWindowPoisonsTheLayer() async throws {
        let made = try await MadeLayer.usual.value
        let window = try #require(try made.table.window(before: 2))
        let forged = try made.withForged(window)
        let source = made.source
        try await withDirectory { directory in
            let store = made.store(directory)
            try await running(store) {
                let layer = try await store.prepare(made.description, tableOfContents: forged, source: source)
                let second = try made.table.segment(1).content
                let error = await #expect(throws: LayerError.self) { try await layer.makeLocal(second) }
                #expect(error?.code == .poisoned)
                #expect(layer.progress.state == .poisoned)
                await #expect(throws: LayerError.self) { try await layer.bytes(0..<10) }
                var events = store.events.makeAsyncIterator()
                guard case .poisoned(made.description.blob, _) = await events.next() else {
                    Issue.record("no event")
                    return
                }
                // The pull's way out: the blob itself is right.
                let again = try await store.prefetch(made.description, source: made.source)
                try await made.expects(again, 0..<made.table.contentSize)
                #expect(again.progress.isVerified)
            }
        }
    }

    /// A run, over when this returns, in which the layer's table of contents proved wrong.
    private func poison(_ made: MadeLayer, in directory: String) async throws {
        let forged = try made.withForged(try #require(try made.table.window(before: 2)))
        let store = made.store(directory)
        try await running(store) {
            let layer = try await store.prepare(made.description, tableOfContents: forged, source: made.source)
            await #expect(throws: LayerError.self) { try await layer.makeLocal(0..<made.table.contentSize) }
        }
    }

    @Test func poisonOutlivesARestart() async throws {
        let made = try await MadeLayer.usual.value
        try await withDirectory { directory in
            try await poison(made, in: directory)
            let second = made.store(directory)
            try await running(second) {
                let layer = try second.restore(made.description, source: made.source)
                #expect(layer.progress.state == .poisoned)
                #expect(throws: LayerError.self) { try layer.local(0..<10) }
            }
        }
    }

    /// Restored before or not, by one or by several who want it whole.
    @Test(arguments: [false, true], [1, 3]) func whatIsPoisonedIsMadeAnew(isRestored: Bool, callers: Int) async throws {
        let made = try await MadeLayer.usual.value
        try await withDirectory { directory in
            try await poison(made, in: directory)
            let second = made.store(directory)
            try await running(second) {
                if isRestored { try second.restore(made.description, source: made.source) }
                let source = made.source
                let layers = try await withThrowingTaskGroup(of: Layer.self) { group in
                    for _ in 0..<callers {
                        group.addTask { try await second.prefetch(made.description, source: source) }
                    }
                    return try await group.reduce(into: []) { $0.append($1) }
                }
                #expect(source.ranges.reduce(0) { $0 + $1.count } == made.blob.count)
                let layer = try #require(second.layer(made.description.blob))
                #expect(layers.allSatisfy { $0 === layer } && layer.progress.state == .complete)
                try await made.expects(layer, 0..<made.table.contentSize)
            }
        }
    }

    @Test func whatIsStillBeingMadeLeavesNothingBehind() async throws {
        let made = try await MadeLayer.usual.value
        try await withDirectory { directory in
            let store = made.store(directory) { $0.threads = 1 }
            try await running(store) {
                let free = DispatchSemaphore(value: 0)
                store.parts.bench.start { free.wait() }
                let pull = Task {
                    try await store.prepare(
                        made.description, tableOfContents: made.tableOfContents, source: made.source)
                }
                try await eventually { store.parts.bench.waitingJobs == 1 }
                pull.cancel()
                _ = await pull.result
                // As a pull does that was cancelled itself.
                let removal = Task { await store.remove(made.description.blob) }
                removal.cancel()
                free.signal()
                await removal.value
                #expect(!FileManager.default.fileExists(atPath: store.path(made.description.blob)))
                #expect(store.layer(made.description.blob) == nil)
            }
        }
    }

    @Test func oneStuckLayerDoesNotBlockAnother() async throws {
        let stuck = try await MadeLayer.usual.value
        let free = try await MadeLayer(sizes: [200_000], slot: 2)
        let source = ScriptedSource(stuck.blob) { _, _ in .stalls }
        try await streaming(stuck, source, { ($0.maxTransfers, $0.maxTransfersPerLayer) = (4, 2) }) { store, layer in
            let table = try stuck.table
            let readers = (0..<6).map { number in
                Task { try await layer.makeLocal(table.segment(number * 3).content) }
            }
            try await eventually { source.active == 2 }
            let other = try await store.prepare(
                free.description, tableOfContents: free.tableOfContents, source: free.source)
            try await free.expects(other, 0..<free.table.contentSize)
            #expect(source.reads.count == 2)
            for reader in readers { reader.cancel() }
        }
    }

    @Test func howeverManyStuckLayersDoNotBlockAnother() async throws {
        let stuck = try await MadeLayer.usual.value
        let source = ScriptedSource(stuck.blob) { _, _ in .stalls }
        let more = try await MadeLayer(sizes: [150_000], slot: 2)
        let moreSource = ScriptedSource(more.blob) { _, _ in .fails(.unavailable) }
        let free = try await MadeLayer(sizes: [200_000], slot: 3)
        let limit = { @Sendable (options: inout LayerStoreOptions) in
            (options.maxTransfers, options.stuckAfter) = (2, .milliseconds(50))
            options.readTimeout = .seconds(600)
        }
        try await streaming(stuck, source, limit) { store, layer in
            let second = try await store.prepare(
                more.description, tableOfContents: more.tableOfContents, source: moreSource)
            let readers = [layer, second].map { layer in Task { try await layer.makeLocal(0..<10) } }
            try await eventually { source.active == 1 && !moreSource.reads.isEmpty }
            let other = try await store.prepare(
                free.description, tableOfContents: free.tableOfContents, source: free.source)
            try await free.expects(other, 0..<free.table.contentSize)
            for reader in readers { reader.cancel() }
        }
    }
}
