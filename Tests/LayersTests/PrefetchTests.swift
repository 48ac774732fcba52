import Foundation
import Hashing
import LayerFormat
import OCI
import Synchronization
import Testing

@testable import Layers

@Suite(.timeLimit(.minutes(5)))
struct PrefetchTests {
    private static let pieces: @Sendable (inout LayerStoreOptions) -> Void = { $0.prefetchPieceBytes = 100_000 }

    @Test(arguments: [LayerCompression.gzip, .none])
    func bringsAllAndLeavesATableOfContents(_ compression: LayerCompression) async throws {
        let made = try await MadeLayer.usual(compression)
        let source = made.source
        try await withDirectory { directory in
            let store = made.store(directory, Self.pieces)
            try await running(store) {
                let layer = try await store.prefetch(made.description, source: source)
                #expect(layer.progress.state == .complete)
                #expect(layer.progress.isVerified)
                #expect(layer.progress.blobBytesFetched == source.size)
                #expect(
                    try layer.local(0..<made.table.contentSize)?.elementsEqual(
                        made.tar[..<Int(made.table.contentSize)]) == true)
                #expect(store.progress(of: made.description.blob)?.state == .complete)
            }
            let stored = try read("\(directory)/layers/\(made.description.blob.hex)/ztoc")
            #expect(stored == made.tableOfContents)
            #expect(try read("\(directory)/layers/\(made.description.blob.hex)/layer.tar") == made.tar)
        }
        #expect(
            source.ranges.sorted { $0.lowerBound < $1.lowerBound }.map(\.upperBound).dropLast()
                .elementsEqual(stride(from: 100_000, to: source.size, by: 100_000)))
    }

    @Test func digestsOfTheOtherKindAreCheckedToo() async throws {
        var made = try await MadeLayer.usual.value
        made.description.blob = Digest(of: made.blob, .sha512)
        made.description.diffID = Digest(of: made.tar, .sha512)
        var wrong = made.description
        wrong.diffID = Digest(of: [1], .sha512)
        try await withDirectory { [made, wrong] directory in
            let store = made.store(directory)
            try await running(store) {
                let error = await #expect(throws: LayerError.self) {
                    try await store.prefetch(wrong, source: made.source)
                }
                #expect(error?.code == .mismatch)
                let layer = try await store.prefetch(made.description, source: made.source)
                #expect(layer.progress.isVerified)
            }
        }
    }

    @Test func fetchesPiecesInParallelAndInBoundedNumber() async throws {
        let made = try await MadeLayer.usual.value
        let source = ScriptedSource(made.blob) { _, _ in .waits }
        try await withDirectory { directory in
            let store = made.store(directory) { ($0.prefetchPieceBytes, $0.prefetchPieces) = (50_000, 3) }
            try await running(store) {
                let work = Task { try await store.prefetch(made.description, source: source) }
                try await eventually { source.active == 3 }
                #expect(store.progress(of: made.description.blob)?.state == .prefetching)
                #expect(store.layer(made.description.blob) == nil)
                source.openGate()
                let layer = try await work.value
                try await made.expects(layer, 0..<made.table.contentSize)
            }
        }
    }

    @Test func aSourceWithoutRangesIsReadOnceFromItsFirstByte() async throws {
        let made = try await MadeLayer.usual.value
        let whole = 0..<Int64(made.blob.count)
        let source = ScriptedSource(made.blob) { _, range in range == whole ? nil : .fails(.rangesUnsupported) }
        try await withDirectory { directory in
            let store = made.store(directory, Self.pieces)
            try await running(store) {
                let layer = try await store.prefetch(made.description, source: source)
                try await made.expects(layer, 0..<made.table.contentSize)
            }
        }
        #expect(source.ranges.last == whole)
    }

    @Test func askersMeanwhileShareTheWork() async throws {
        let made = try await MadeLayer.usual.value
        let source = ScriptedSource(made.blob) { _, _ in .waits }
        try await withDirectory { directory in
            let store = made.store(directory)
            try await running(store) {
                let first = Task { try await store.prefetch(made.description, source: source) }
                try await eventually { source.active == 1 }
                let second = Task { try await store.prefetch(made.description, source: source) }
                let third = Task {
                    try await store.prepare(made.description, tableOfContents: made.tableOfContents, source: source)
                }
                try await eventually {
                    store.state.withLock { $0.flights[made.description.blob]?.flight.waiting } == 3
                }
                first.cancel()
                await #expect(throws: CancellationError.self) { try await first.value }
                source.openGate()
                let layer = try await second.value
                #expect(try await third.value === layer)
                #expect(source.ranges.count == 1)
            }
        }
    }

    @Test func aCancelledPrefetchLeavesNothingAndCanBeRepeated() async throws {
        let made = try await MadeLayer.usual.value
        let source = ScriptedSource(made.blob) { read, _ in read == 0 ? .stalls : nil }
        try await withDirectory { directory in
            let store = made.store(directory)
            try await running(store) {
                let work = Task { try await store.prefetch(made.description, source: source) }
                try await eventually { source.reads.first?.delivered ?? 0 > 0 }
                work.cancel()
                await #expect(throws: CancellationError.self) { try await work.value }
                try await eventually { store.progress(of: made.description.blob) == nil }
                #expect(source.reads[0].wasCancelled)
                let left = try FileManager.default.contentsOfDirectory(atPath: directory + "/layers")
                #expect(left.isEmpty)
                let layer = try await store.prefetch(made.description, source: source)
                try await made.expects(layer, 0..<1000)
            }
        }
    }

    @Test(arguments: ["blob", "diffID", "cut", "refused", "not gzip"])
    func wrongBytesAreAnErrorAndLeaveNothing(_ what: String) async throws {
        var made = try await MadeLayer.usual.value
        let source: ScriptedSource
        switch what {
        case "blob": source = ScriptedSource(try await MadeLayer(sizes: [50_000]).blob)
        case "diffID":
            source = made.source
            made.description.diffID = Digest(of: [1])
        case "cut": source = ScriptedSource(made.blob) { _, _ in .cut(after: 70_000) }
        case "refused": source = ScriptedSource(made.blob) { _, _ in .fails(.refused) }
        default: source = ScriptedSource([UInt8](repeating: 7, count: made.blob.count))
        }
        try await withDirectory { [made] directory in
            let store = made.store(directory)
            try await running(store) {
                await #expect(throws: (any Error).self) { try await store.prefetch(made.description, source: source) }
                #expect(store.layer(made.description.blob) == nil)
                #expect(store.progress(of: made.description.blob) == nil)
                let left = try FileManager.default.contentsOfDirectory(atPath: directory + "/layers")
                #expect(left.isEmpty)
            }
        }
    }

    @Test func aStreamingLayerIsCompletedInsteadOfFetchedAgain() async throws {
        let made = try await MadeLayer.usual.value
        let source = made.source
        try await withDirectory { directory in
            let store = made.store(directory)
            try await running(store) {
                let layer = try await store.prepare(
                    made.description, tableOfContents: made.tableOfContents, source: source)
                try await made.expects(layer, 0..<600_000)
                let fetched = layer.progress.blobBytesFetched
                #expect(fetched > 0)
                #expect(try await store.prefetch(made.description, source: source) === layer)
                #expect(layer.progress.state == .complete)
                // Shared bytes of neighbouring segments and the trailer come twice.
                #expect(layer.progress.blobBytesFetched <= made.description.blobSize + 100)
            }
        }
    }

    @Test func anEmptyLayerIsOne() async throws {
        let tar = [UInt8](repeating: 0, count: 1024)
        var made = try await MadeLayer.plain.value
        made.tar = tar
        made.blob = tar
        made.description = LayerDescription(
            slot: 3, blob: Digest(of: tar), blobSize: 1024, diffID: Digest(of: tar), compression: .none)
        try await withDirectory { [made] directory in
            let store = made.store(directory)
            try await running(store) {
                let layer = try await store.prefetch(made.description, source: made.source)
                #expect(layer.progress.state == .complete)
                #expect(try layer.tree().children(of: LayerTree.root).isEmpty)
            }
        }
    }
}
