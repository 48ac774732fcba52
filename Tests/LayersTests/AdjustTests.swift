import LayerFormat
import OCI
import Testing

@testable import Layers

@Suite("Options that change while the store works", .timeLimit(.minutes(5)))
struct AdjustTests {
    @Test("Fills wait while nobody wants any, and go on when somebody does")
    func fills() async throws {
        let made = try await MadeLayer.usual.value
        let source = made.source
        try await withDirectory { directory in
            let store = made.store(directory) { $0.fills = false }
            try await running(store) {
                let layer = try await store.prepare(
                    made.description, tableOfContents: made.tableOfContents, source: source)
                store.startFill(made.description.blob)
                // Readers are served meanwhile, and something else takes a while.
                try await made.expects(layer, 400_000..<400_010)
                let reads = source.reads.count
                let other = try await MadeLayer(sizes: [100_000], slot: 2)
                let second = try await store.prepare(
                    other.description, tableOfContents: other.tableOfContents, source: other.source)
                try await other.expects(second, 0..<100_000)
                #expect(source.reads.count == reads)
                store.adjust { $0.fills = true }
                try await eventually { layer.progress.state == .complete }
            }
        }
    }

    @Test("Reads that begin afterwards wait as long as is said then")
    func readTimeout() async throws {
        let made = try await MadeLayer.usual.value
        let source = ScriptedSource(made.blob) { _, _ in .stalls }
        try await withDirectory { directory in
            let store = made.store(directory) { $0.readTimeout = .seconds(3600) }
            try await running(store) {
                let layer = try await store.prepare(
                    made.description, tableOfContents: made.tableOfContents, source: source)
                store.adjust { $0.readTimeout = .milliseconds(100) }
                let error = await #expect(throws: LayerError.self) { try await layer.bytes(0..<10) }
                #expect(error?.code == .timedOut)
            }
        }
    }

    @Test("What is reserved of the volume counts from the next question on")
    func reserve() async throws {
        let made = try await MadeLayer.usual.value
        try await withDirectory { directory in
            let store = made.store(directory)
            let before = try store.room()
            store.adjust { $0.reserve = .percent(100) }
            let after = try store.room()
            #expect(before > 0 && after < 0)
        }
    }

    @Test("More transfers may run at once, and those that wait begin")
    func transfers() async throws {
        let queue = TransferQueue(limits: .init(total: 1, perLayer: 4, background: 1))
        let tickets = (0..<3).map { _ in queue.submit(Digest(of: [1]), .demand) }
        func running() -> Int { queue.counts.reduce(0) { $0 + ($1.key.state == .running ? $1.value : 0) } }
        #expect(running() == 1)
        queue.setLimits(.init(total: 3, perLayer: 4, background: 1))
        #expect(running() == 3)
        for ticket in tickets { try await queue.admission(ticket) }
        queue.setLimits(.init(total: 1, perLayer: 4, background: 1))
        #expect(running() == 3, "nobody is stopped")
        for ticket in tickets { queue.leave(ticket) }
    }
}
