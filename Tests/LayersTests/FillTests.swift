import LayerFormat
import Linux
import OCI
import Testing

@testable import Layers

@Suite(.timeLimit(.minutes(5)))
struct FillTests {
    private func first(_ store: LayerStore) async -> LayerEvent? {
        var events = store.events.makeAsyncIterator()
        return await events.next()
    }

    @Test(arguments: [LayerCompression.gzip, .none])
    func bringsTheRestAndChecksTheDiffID(_ compression: LayerCompression) async throws {
        let made = try await MadeLayer.usual(compression)
        let source = made.source
        try await withDirectory { directory in
            let store = made.store(directory) { $0.fillRequestBytes = 80_000 }
            try await running(store) {
                let layer = try await store.prepare(
                    made.description, tableOfContents: made.tableOfContents, source: source)
                try await made.expects(layer, 400_000..<400_010)
                store.startFill(made.description.blob)
                store.startFill(made.description.blob)
                #expect(await first(store) == .complete(made.description.blob))
                let progress = layer.progress
                #expect(progress.state == .complete && progress.isVerified)
                #expect(progress.segmentsPresent == progress.segmentCount)
                let size = try made.table.contentSize
                #expect(try layer.local(0..<size)?.elementsEqual(made.tar[..<Int(size)]) == true)
            }
        }
        let table = try made.table
        let starts = source.ranges.dropFirst().map(\.lowerBound).filter {
            $0 < table.segment(table.segmentCount - 1).compressed.lowerBound
        }
        #expect(starts.count > 2, "several requests")
        #expect(Set(starts).count == starts.count, "nothing twice")
    }

    @Test func nothingIsFetchedBeforeTheFillIsAllowed() async throws {
        let made = try await MadeLayer.usual.value
        let source = made.source
        try await withDirectory { directory in
            let store = made.store(directory)
            try await running(store) {
                _ = try await store.prepare(made.description, tableOfContents: made.tableOfContents, source: source)
                // Something else that takes a while.
                let other = try await MadeLayer(sizes: [100_000], slot: 2)
                let second = try await store.prepare(
                    other.description, tableOfContents: other.tableOfContents, source: other.source)
                store.startFill(other.description.blob)
                try await eventually { second.progress.state == .complete }
                #expect(source.reads.isEmpty)
            }
        }
    }

    /// Tars end with whatever their writer pads them with, and the table of contents doesn't tell (soci.md 1.5).
    @Test(arguments: [
        (1, 0, LayerCompression.gzip), (20, 0, .gzip), (128, 0, .gzip), (20, 512 * 7, .gzip), (20, 5, .gzip),
        (20, 512 * 7, .none),
        (1, 0, .none),
    ])
    func paddingOfAnyLengthIsUnderstood(_ blockingFactor: Int, _ zeros: Int, _ compression: LayerCompression)
        async throws
    {
        let made = try await MadeLayer(
            sizes: [100_000], compression: compression, blockingFactor: blockingFactor,
            trailing: [UInt8](repeating: 0, count: zeros))
        try await filled(made) { #expect($0 == .complete(made.description.blob)) }
    }

    /// Bytes behind the tar's end that are no zeros: found by reading the blob once more.
    @Test func rubbishBehindTheTarIsUnderstood() async throws {
        let made = try await MadeLayer(sizes: [100_000], trailing: [UInt8](repeating: 0x55, count: 1000))
        try await filled(made) { #expect($0 == .complete(made.description.blob)) }
    }

    @Test func aDiffIDThatNobodyCanConfirmIsNoMismatch() async throws {
        var made = try await MadeLayer(sizes: [100_000])
        made.description.diffID = Digest(of: [1, 2, 3])
        try await filled(made) { [made] event in
            guard case .completeUnchecked(made.description.blob, _) = event else {
                Issue.record("\(String(describing: event))")
                return
            }
        }
    }

    @Test func contentThatIsNotTheBlobsPoisons() async throws {
        let made = try await MadeLayer.usual.value
        try await withDirectory { directory in
            let store = made.store(directory)
            try await running(store) {
                let layer = try await store.prepare(
                    made.description, tableOfContents: made.tableOfContents, source: made.source)
                try await made.expects(layer, 0..<made.table.contentSize)
                // What a forged table would have done, done by hand: other bytes in a segment that counts as verified.
                try layer.files.tar.write([1, 2, 3], at: 123_456)
                store.startFill(made.description.blob)
                guard case .poisoned(made.description.blob, _) = await first(store) else {
                    Issue.record("not poisoned")
                    return
                }
                await #expect(throws: LayerError.self) { try await layer.bytes(0..<10) }
            }
        }
    }

    @Test func aFillThatFailsSaysSoAndGoesOnLater() async throws {
        let made = try await MadeLayer.usual.value
        let source = ScriptedSource(made.blob) { read, _ in read < 3 ? .fails(.unavailable) : nil }
        try await withDirectory { directory in
            let store = made.store(directory) { $0.maxFillTransfers = 1 }
            try await running(store) {
                let layer = try await store.prepare(
                    made.description, tableOfContents: made.tableOfContents, source: source)
                store.startFill(made.description.blob)
                guard case .stalled(made.description.blob, let why) = await first(store) else {
                    Issue.record("not stalled")
                    return
                }
                #expect(why.contains("scripted"))
                try await eventually { layer.progress.state == .complete }
                #expect(layer.progress.trouble == nil)
            }
        }
    }

    @Test func aReaderPausesTheFill() async throws {
        let filled = try await MadeLayer.usual.value
        let read = try await MadeLayer(sizes: [200_000], slot: 2)
        let slow = ScriptedSource(read.blob) { _, _ in .waits }
        let source = ScriptedSource(filled.blob, chunk: 1000)
        try await withDirectory { directory in
            // Nor is the reader's transfer stuck meanwhile: it would pause nothing then.
            let store = filled.store(directory) { $0.stuckAfter = .seconds(600) }
            try await running(store) {
                let demanded = try await store.prepare(
                    read.description, tableOfContents: read.tableOfContents, source: slow)
                let layer = try await store.prepare(
                    filled.description, tableOfContents: filled.tableOfContents, source: source)
                let reader = Task { try await demanded.makeLocal(0..<10) }
                try await eventually { slow.active == 1 }
                store.startFill(filled.description.blob)
                try await eventually { source.active > 0 }
                // Its first chunk is held until the reader has what it waits for.
                #expect(layer.progress.blobBytesFetched == 0)
                slow.openGate()
                try await reader.value
                try await eventually { layer.progress.state == .complete }
            }
        }
    }

    private func filled(_ made: MadeLayer, _ check: @Sendable (LayerEvent?) -> Void) async throws {
        try await withDirectory { directory in
            let store = made.store(directory)
            try await running(store) {
                let layer = try await store.prepare(
                    made.description, tableOfContents: made.tableOfContents, source: made.source)
                store.startFill(made.description.blob)
                check(await first(store))
                try await made.expects(layer, 0..<made.table.contentSize)
            }
        }
    }
}
