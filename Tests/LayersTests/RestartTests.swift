import Foundation
import LayerFormat
import OCI
import Testing

@testable import Layers

@Suite(.timeLimit(.minutes(5)))
struct RestartTests {
    private func directory(_ root: String, _ made: MadeLayer) -> String {
        "\(root)/layers/\(made.description.blob.hex)"
    }

    /// What lies on the disk at this moment, as a killed daemon would leave it.
    private func snapshot(_ root: String, to copy: String) throws {
        try tool("cp", "-a", "--sparse=always", root, copy)
    }

    private func stream(
        _ made: MadeLayer, in root: String, reading ranges: [Range<Int64>], thenCopyTo copy: String? = nil
    ) async throws {
        let store = made.store(root)
        try await running(store) {
            let layer = try await store.prepare(
                made.description, tableOfContents: made.tableOfContents, source: made.source)
            for range in ranges { try await made.expects(layer, range) }
            if let copy { try snapshot(root + "/layers", to: copy) }
        }
    }

    /// Restores and reads everything.
    /// - Returns: what had to be fetched.
    private func reread(_ made: MadeLayer, in root: String) async throws -> [Range<Int64>] {
        let source = made.source
        let store = made.store(root)
        try await running(store) {
            let layer = try store.restore(made.description, source: source)
            try await made.expects(layer, 0..<made.table.contentSize)
        }
        return source.ranges
    }

    @Test func anOrderlyStopKeepsAllWithoutChecking() async throws {
        let made = try await MadeLayer.usual.value
        let table = try made.table
        try await withDirectory { root in
            try await stream(made, in: root, reading: [0..<500_000])
            let store = made.store(root)
            try await running(store) {
                let layer = try store.restore(
                    made.description, source: ScriptedSource(made.blob) { _, _ in .fails(.unavailable) })
                #expect(try layer.local(0..<500_000)?.elementsEqual(made.tar[..<500_000]) == true)
                #expect(
                    layer.progress.contentPresent
                        == table.segment(table.segmentNumber(containing: 499_999)).content.upperBound)
            }
        }
    }

    @Test func aKilledDaemonsSegmentsAreCheckedAndServed() async throws {
        let made = try await MadeLayer.usual.value
        try await withDirectory { root in
            try await stream(made, in: root, reading: [0..<500_000], thenCopyTo: root + "/killed")
            try FileManager.default.createDirectory(atPath: root + "/second", withIntermediateDirectories: true)
            try FileManager.default.moveItem(atPath: root + "/killed", toPath: root + "/second/layers")
            let store = made.store(root + "/second")
            try await running(store) {
                let layer = try store.restore(
                    made.description, source: ScriptedSource(made.blob) { _, _ in .fails(.unavailable) })
                #expect(try layer.local(0..<500_000) == nil, "not before their checksum was compared")
                try await made.expects(layer, 0..<500_000)
            }
        }
    }

    @Test func damagedSegmentsAreFetchedAgain() async throws {
        let made = try await MadeLayer.usual.value
        let table = try made.table
        try await withDirectory { root in
            try await stream(made, in: root, reading: [0..<table.contentSize], thenCopyTo: root + "/killed")
            try FileManager.default.removeItem(atPath: root + "/layers")
            try FileManager.default.moveItem(atPath: root + "/killed", toPath: root + "/layers")
            let tar = try FileHandle(forUpdating: URL(fileURLWithPath: directory(root, made) + "/layer.tar"))
            let hurt = table.segment(2)
            try tar.seek(toOffset: UInt64(hurt.content.lowerBound) + 10)
            try tar.write(contentsOf: [1, 2, 3])
            try tar.close()
            // Found out in one run that cannot fetch it, and not forgotten by the next.
            let store = made.store(root) { $0.readTimeout = .milliseconds(200) }
            try await running(store) {
                let layer = try store.restore(
                    made.description, source: ScriptedSource(made.blob) { _, _ in .fails(.notFound) })
                await #expect(throws: LayerError.self) { try await layer.makeLocal(0..<table.contentSize) }
            }
            #expect(try await reread(made, in: root) == [hurt.compressed])
            #expect(try await reread(made, in: root) == [])
        }
    }

    /// The record that a stop tears is lost, the ones before it are not, and the bytes are right whatever happened.
    @Test func aJournalTornAnywhereIsRight() async throws {
        let made = try await MadeLayer.usual.value
        let table = try made.table
        try await withDirectory { root in
            try await stream(made, in: root, reading: [0..<200_000], thenCopyTo: root + "/killed")
            let journal = try read(directory(root, made) + "/journal")
            let present = table.segmentNumber(containing: 199_999) + 1
            #expect(journal.count >= 40 + 40 * present)
            for length in stride(from: 0, through: 40 + 40 * present, by: 1) {
                let content = JournalContent(
                    Array(journal.prefix(length)),
                    header: JournalContent.header(
                        blob: made.description.blob, segmentCount: table.segmentCount, contentSize: table.contentSize)
                ) { (0..<table.segmentCount).contains($0) ? Int64(table.segment($0).content.count) : nil }
                #expect(content.segments.count == max(0, length / 40 - 1))
                #expect(content.validLength == Int64(length < 40 ? 0 : length / 40 * 40))
            }
            for length in [0, 39, 40, 79, 80, 121] {
                try FileManager.default.removeItem(atPath: root + "/layers")
                try tool("cp", "-a", root + "/killed", root + "/layers")
                try write(Array(journal.prefix(length)), directory(root, made) + "/journal")
                _ = try await reread(made, in: root)
                // And what the second run appended counts in the third.
                let third = try await reread(made, in: root)
                #expect(third.isEmpty, "torn at \(length)")
            }
        }
    }

    @Test(arguments: [0, 1, 100_000, 1_000_000])
    func aTruncatedTarIsFilledUpAgain(_ size: UInt64) async throws {
        let made = try await MadeLayer.usual.value
        let table = try made.table
        try await withDirectory { root in
            try await stream(made, in: root, reading: [0..<table.contentSize])
            let tar = try FileHandle(forUpdating: URL(fileURLWithPath: directory(root, made) + "/layer.tar"))
            try tar.truncate(atOffset: size)
            try tar.close()
            // A run that reads nothing of what is gone must not make the next one believe it is there.
            let idle = made.store(root)
            try await running(idle) { _ = try idle.restore(made.description, source: made.source) }
            let fetched = try await reread(made, in: root)
            #expect(
                fetched.map(\.lowerBound).min()
                    == table.segment(table.segmentNumber(containing: Int64(size))).compressed.lowerBound)
        }
    }

    @Test func aTruncatedCompleteLayerIsFilledUpAgain() async throws {
        let made = try await MadeLayer.usual.value
        try await withDirectory { root in
            let first = made.store(root)
            try await running(first) { _ = try await first.prefetch(made.description, source: made.source) }
            let tar = try FileHandle(forUpdating: URL(fileURLWithPath: directory(root, made) + "/layer.tar"))
            try tar.truncate(atOffset: 500_000)
            try tar.close()
            let idle = made.store(root)
            try await running(idle) { _ = try idle.restore(made.description, source: made.source) }
            #expect(try await !reread(made, in: root).isEmpty)
            #expect(try await reread(made, in: root).isEmpty)
        }
    }

    @Test(arguments: ["layer.tar", "journal"])
    func aMissingFileIsMadeAnew(_ name: String) async throws {
        let made = try await MadeLayer.usual.value
        try await withDirectory { root in
            try await stream(made, in: root, reading: [0..<300_000])
            try FileManager.default.removeItem(atPath: directory(root, made) + "/" + name)
            let fetched = try await reread(made, in: root)
            #expect(!fetched.isEmpty)
        }
    }

    @Test func withoutATableOfContentsThereIsNoLayer() async throws {
        let made = try await MadeLayer.usual.value
        try await withDirectory { root in
            try await stream(made, in: root, reading: [0..<10])
            let path = directory(root, made) + "/ztoc"
            try write(Array(try read(path).prefix(3000)), path)
            let cut = #expect(throws: LayerError.self) {
                try made.store(root).restore(made.description, source: made.source)
            }
            #expect(cut?.code == .unusableTableOfContents)
            try FileManager.default.removeItem(atPath: path)
            let gone = #expect(throws: LayerError.self) {
                try made.store(root).restore(made.description, source: made.source)
            }
            #expect(gone?.code == .notFound)
            // Preparing anew clears away what is left.
            try await stream(made, in: root, reading: [0..<1000])
        }
    }

    @Test func aPrefetchedLayerIsCompleteAfterAnyStop() async throws {
        let made = try await MadeLayer.usual.value
        let dead = ScriptedSource(made.blob) { _, _ in .fails(.unavailable) }
        try await withDirectory { root in
            let first = made.store(root)
            try await running(first) {
                _ = try await first.prefetch(made.description, source: made.source)
            }
            // As killed before the disk had it all: without the record that says so.
            let path = directory(root, made) + "/journal"
            let journal = try read(path)
            for kept in [journal, Array(journal.prefix(80))] {
                try write(kept, path)
                let store = made.store(root)
                try await running(store) {
                    let layer = try store.restore(made.description, source: dead)
                    try await made.expects(layer, 0..<made.table.contentSize)
                    _ = try await store.prefetch(made.description, source: dead)
                    #expect(layer.progress.state == .complete && layer.progress.isVerified)
                }
            }
            // And with damage in it, it streams.
            try write(Array(journal.prefix(80)), path)
            let tar = try FileHandle(forUpdating: URL(fileURLWithPath: directory(root, made) + "/layer.tar"))
            try tar.write(contentsOf: [0xff])
            try tar.close()
            #expect(try await !reread(made, in: root).isEmpty)
        }
    }

    @Test func preparingWhatIsOnTheDiskUsesIt() async throws {
        let made = try await MadeLayer.usual.value
        try await withDirectory { root in
            try await stream(made, in: root, reading: [0..<made.table.contentSize])
            let source = made.source
            let store = made.store(root)
            try await running(store) {
                let layer = try await store.prepare(
                    made.description, tableOfContents: made.tableOfContents, source: source)
                try await made.expects(layer, 0..<made.table.contentSize)
            }
            #expect(source.reads.isEmpty)
        }
    }

    @Test func aStoppedStoreFailsReadersInsteadOfHangingThem() async throws {
        let made = try await MadeLayer.usual.value
        let source = ScriptedSource(made.blob) { _, _ in .stalls }
        try await withDirectory { root in
            let store = made.store(root)
            let (layer, reader) = try await running(store) {
                let layer = try await store.prepare(
                    made.description, tableOfContents: made.tableOfContents, source: source)
                let reader = Task { try await layer.makeLocal(0..<10) }
                try await eventually { source.active == 1 }
                return (layer, reader)
            }
            await #expect(throws: LayerError.self) { try await reader.value }
            await #expect(throws: LayerError.self) { try await layer.makeLocal(0..<10) }
            await #expect(throws: LayerError.self) { try await store.prefetch(made.description, source: source) }
        }
    }
}
