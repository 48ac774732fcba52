import Images
import Synchronization
import Testing

@Suite("Joining identical work")
struct FlightsTests {
    /// Opens once; whoever waits goes on.
    final class Gate: Sendable {
        private let stream: AsyncStream<Void>
        private let continuation: AsyncStream<Void>.Continuation

        init() { (stream, continuation) = AsyncStream.makeStream() }

        func open() { continuation.finish() }
        func wait() async { for await _ in stream {} }
    }

    final class Counter: Sendable {
        private let count = Mutex(0)

        var value: Int { count.withLock { $0 } }

        func next() -> Int {
            count.withLock { count in
                count += 1
                return count
            }
        }
    }

    @Test func manyCallersShareOneRun() async throws {
        let flights = Flights<String, Int>()
        let runs = Counter()
        let gate = Gate()
        let values = try await withThrowingTaskGroup(of: Int.self) { group in
            for _ in 0..<20 {
                group.addTask {
                    try await flights.join("key") {
                        let run = runs.next()
                        await gate.wait()
                        return run
                    }
                }
            }
            group.addTask {
                gate.open()
                return 1
            }
            return try await group.reduce(into: []) { $0.append($1) }
        }
        #expect(values.count == 21)
        // Late ones may begin a run of their own; none overlapped the first.
        #expect(runs.value <= 20)
        #expect(values.contains(1))
    }

    @Test func theLastToLeaveEndsTheWork() async throws {
        let flights = Flights<String, Int>()
        let began = Gate()
        let ended = Gate()
        let caller = Task {
            try await flights.join("key") {
                defer { ended.open() }
                began.open()
                try await Task.sleep(for: .seconds(3600))
                return 1
            }
        }
        await began.wait()
        caller.cancel()
        await #expect(throws: CancellationError.self) { try await caller.value }
        await ended.wait()
    }

    @Test func oneThatLeavesDoesNotDisturbTheOthers() async throws {
        let flights = Flights<String, Int>()
        let began = Gate()
        let gate = Gate()
        let staying = Task {
            try await flights.join("key") {
                began.open()
                await gate.wait()
                return 7
            }
        }
        await began.wait()
        let leaving = Task { try await flights.join("key") { 8 } }
        leaving.cancel()
        _ = await leaving.result
        gate.open()
        #expect(try await staying.value == 7)
    }

    @Test func newWorkWaitsForCancelledWorkToEnd() async throws {
        let flights = Flights<String, Int>()
        let began = Gate()
        let cleaning = Gate()
        let cleaned = Counter()
        let first = Task {
            try await flights.join("key") {
                began.open()
                _ = try? await Task.sleep(for: .seconds(3600))
                // Cleaning up takes its time, cancelled or not.
                await Task { await cleaning.wait() }.value
                _ = cleaned.next()
                return 1
            }
        }
        await began.wait()
        first.cancel()
        _ = await first.result
        let second = Task { try await flights.join("key") { cleaned.value == 1 ? 2 : 3 } }
        cleaning.open()
        #expect(try await second.value == 2)
    }

    @Test func errorsReachEveryone() async {
        struct Failure: Error {}
        let flights = Flights<String, Int>()
        await #expect(throws: Failure.self) { try await flights.join("key") { throw Failure() } }
        // A failure is not kept.
        let later = try? await flights.join("key") { 4 }
        #expect(later == 4)
    }
}
