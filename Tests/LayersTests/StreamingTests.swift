import LayerFormat
import OCI
import Testing

@testable import Layers

@Suite(.timeLimit(.minutes(5)))
struct StreamingTests {
    @Test(arguments: [LayerCompression.gzip, .none])
    func randomReadsUnderConcurrencyEqualTheTar(_ compression: LayerCompression) async throws {
        let made = try await MadeLayer.usual(compression)
        let size = try made.table.contentSize
        try await withDirectory { directory in
            let store = made.store(directory)
            try await running(store) {
                let layer = try await store.prepare(
                    made.description, tableOfContents: made.tableOfContents, source: made.source)
                try await withThrowingTaskGroup(of: Void.self) { group in
                    for _ in 0..<8 {
                        group.addTask {
                            for _ in 0..<25 {
                                let start = Int64.random(in: 0..<size)
                                try await made.expects(layer, start..<min(size, start + Int64.random(in: 1...150_000)))
                            }
                        }
                    }
                    try await group.waitForAll()
                }
                try await made.expects(layer, 0..<size)
                #expect(layer.progress.contentPresent == size)
            }
        }
    }

    @Test func eachByteIsFetchedOnceWhoeverAsks() async throws {
        let made = try await MadeLayer.usual.value
        let source = ScriptedSource(made.blob) { _, _ in .waits }
        try await withDirectory { directory in
            let store = made.store(directory)
            try await running(store) {
                let layer = try await store.prepare(
                    made.description, tableOfContents: made.tableOfContents, source: source)
                try await withThrowingTaskGroup(of: Void.self) { group in
                    for _ in 0..<20 { group.addTask { try await made.expects(layer, 100_000..<100_100) } }
                    try await eventually { layer.progress.waiting == 20 }
                    source.openGate()
                    try await group.waitForAll()
                }
            }
        }
        #expect(source.ranges.count == 1)
        let table = try made.table
        #expect(source.ranges.first == table.segment(table.segmentNumber(containing: 100_000)).compressed)
    }

    @Test func neighbouringMissesBecomeOneRequest() async throws {
        let made = try await MadeLayer.usual.value
        let source = made.source
        try await withDirectory { directory in
            let store = made.store(directory)
            try await running(store) {
                let layer = try await store.prepare(
                    made.description, tableOfContents: made.tableOfContents, source: source)
                let size = try made.table.contentSize
                try await made.expects(layer, 0..<size)
            }
        }
        #expect(source.ranges.count == 1, "all segments of a small layer fit in one request")
    }

    @Test func aSequentialReaderIsReadAheadOf() async throws {
        let made = try await MadeLayer.usual.value
        let source = made.source
        try await withDirectory { directory in
            let store = made.store(directory)
            try await running(store) {
                let layer = try await store.prepare(
                    made.description, tableOfContents: made.tableOfContents, source: source)
                for start in stride(from: Int64(0), to: 600_000, by: 50_000) {
                    try await made.expects(layer, start..<start + 50_000)
                }
                try await eventually { layer.progress.contentPresent > 850_000 }
            }
        }
        let starts = source.ranges.map(\.lowerBound)
        #expect(Set(starts).count == starts.count, "nothing twice")
    }

    @Test func localReadsNeedNoSource() async throws {
        let made = try await MadeLayer.usual.value
        let source = made.source
        try await withDirectory { directory in
            let store = made.store(directory)
            try await running(store) {
                let layer = try await store.prepare(
                    made.description, tableOfContents: made.tableOfContents, source: source)
                #expect(try layer.local(0..<10) == nil)
                try await layer.makeLocal(0..<10)
                #expect(try layer.local(0..<10) == Array(made.tar[0..<10]))
                #expect(source.ranges.count == 1)
            }
        }
    }

    @Test func offsetsOutsideAreRefused() async throws {
        let made = try await MadeLayer.usual.value
        try await withDirectory { directory in
            let store = made.store(directory)
            try await running(store) {
                let layer = try await store.prepare(
                    made.description, tableOfContents: made.tableOfContents, source: made.source)
                let size = try made.table.contentSize
                for range in [size..<size + 1, -5..<5, size - 1..<size + 1, Int64.max - 1..<Int64.max] {
                    await #expect(throws: LayerError.self) { try await layer.bytes(range) }
                }
            }
        }
    }

    @Test func theTreeIsThatOfTheTableOfContents() async throws {
        let made = try await MadeLayer.usual.value
        try await withDirectory { directory in
            let store = made.store(directory)
            try await running(store) {
                let layer = try await store.prepare(
                    made.description, tableOfContents: made.tableOfContents, source: made.source)
                let tree = try layer.tree()
                let file = try #require(tree.lookup(Array("file3".utf8), in: LayerTree.root))
                #expect(tree.attributes(of: file).size == 700_000)
                let extent = try #require(tree.extents(of: file, in: 0..<700_000).first?.tarOffset)
                try await made.expects(layer, extent..<extent + 700_000)
                #expect(store.slots() == [1])
                #expect(store.layer(slot: 1) as? Layer === layer)
                #expect(store.layer(slot: 2) == nil)
            }
        }
    }

    @Test func aTableOfContentsOfAnotherLayerIsRefused() async throws {
        let made = try await MadeLayer.usual.value
        let other = try await MadeLayer(sizes: [1000])
        try await withDirectory { directory in
            let store = made.store(directory)
            try await running(store) {
                for tableOfContents in [other.tableOfContents, [], Array(made.tableOfContents.prefix(5000))] {
                    let error = await #expect(throws: LayerError.self) {
                        try await store.prepare(made.description, tableOfContents: tableOfContents, source: made.source)
                    }
                    #expect(error?.code == .unusableTableOfContents)
                }
                #expect(store.layer(made.description.blob) == nil)
                // Nothing is left in the way of the right one.
                let layer = try await store.prepare(
                    made.description, tableOfContents: made.tableOfContents, source: made.source)
                try await made.expects(layer, 0..<1000)
            }
        }
    }
}
