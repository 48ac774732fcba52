import LayerFormat
import OCI
import Synchronization
import Testing

@testable import Layers

/// What a layer tells those who want to know what it fetches, and how its parts stand.
@Suite("Surveys of layers", .timeLimit(.minutes(5)))
struct SurveyTests {
    private final class Listener: LayerObserver {
        let heard = Mutex<[(range: Range<Int64>, priority: TransferPriority)]>([])

        func fetched(_ range: Range<Int64>, of blob: Digest, for priority: TransferPriority) {
            heard.withLock { $0.append((range, priority)) }
        }

        func bytes(_ priority: TransferPriority) -> Int {
            heard.withLock { $0.filter { $0.priority == priority }.reduce(0) { $0 + $1.range.count } }
        }
    }

    @Test("Every byte that comes is told once, with whom it is for, and the survey says what is here and read")
    func streaming() async throws {
        let made = try await MadeLayer.usual.value
        let listener = Listener()
        try await withDirectory { directory in
            let store = made.store(directory) { $0.observer = listener }
            try await running(store) {
                let layer = try await store.prepare(
                    made.description, tableOfContents: made.tableOfContents, source: made.source)
                let before = layer.survey(parts: 8)
                #expect(before.allSatisfy { $0.present == 0 && !$0.isRead })
                #expect(before.reduce(0) { $0 + $1.content } == layer.progress.contentSize)
                #expect(before.reduce(0) { $0 + $1.missing } >= layer.description.blobSize / 2)

                try await made.expects(layer, 100_000..<100_100)
                let segment = try made.table.segment(made.table.segmentNumber(containing: 100_000))
                #expect(listener.bytes(.demand) == segment.compressed.count)
                let after = layer.survey(parts: 8)
                #expect(after.reduce(0) { $0 + $1.present } == Int64(segment.content.count))
                #expect(after.contains { $0.isRead })

                try await layer.complete(.prefetch, isGentle: false)
                let whole = layer.survey(parts: 8)
                #expect(whole.allSatisfy { $0.missing == 0 && $0.present == $0.content })
                #expect(Int64(listener.bytes(.demand) + listener.bytes(.prefetch)) == layer.progress.blobBytesFetched)
            }
        }
    }

    @Test("A prefetch tells of the whole blob, and counts as no read")
    func prefetch() async throws {
        let made = try await MadeLayer.usual.value
        let listener = Listener()
        try await withDirectory { directory in
            let store = made.store(directory) {
                $0.observer = listener
                $0.prefetchPieceBytes = 100_000
            }
            try await running(store) {
                let layer = try await store.prefetch(made.description, source: made.source)
                let told = listener.heard.withLock { $0.map(\.range).sorted { $0.lowerBound < $1.lowerBound } }
                #expect(told.first?.lowerBound == 0 && told.last?.upperBound == layer.description.blobSize)
                #expect(zip(told, told.dropFirst()).allSatisfy { $0.upperBound == $1.lowerBound })
                #expect(listener.bytes(.prefetch) == made.blob.count)
                #expect(layer.survey(parts: 8).allSatisfy { !$0.isRead })
                layer.parts.moveOn()
                try await made.expects(layer, 0..<100)
                #expect(layer.survey(parts: 8)[0].isRead)
            }
        }
    }

    @Test("Any number of parts shares out all content", arguments: [1, 2, 7, 1000])
    func parts(count: Int) async throws {
        let made = try await MadeLayer.usual.value
        try await withDirectory { directory in
            let store = made.store(directory)
            try await running(store) {
                let layer = try await store.prepare(
                    made.description, tableOfContents: made.tableOfContents, source: made.source)
                let survey = layer.survey(parts: count)
                #expect(survey.count == count)
                #expect(survey.reduce(0) { $0 + $1.content } == layer.progress.contentSize)
            }
        }
    }
}
