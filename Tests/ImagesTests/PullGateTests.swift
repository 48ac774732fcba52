import OCI
import Synchronization
import TestSupport
import Testing

@testable import Images

@Suite("Gate between pulls and changes of the listing", .timeLimit(.minutes(3)))
struct PullGateTests {
    private let gate = PullGate()

    private func layers(_ names: String...) -> Set<Digest> { Set(names.map { Digest(of: Array($0.utf8)) }) }

    /// Whether `second` may begin while `first` is under way.
    private enum Side: Sendable, CaseIterable {
        case pull, unknownPull, change
    }

    private func passing(_ side: Side, _ layers: Set<Digest>, _ body: @escaping @Sendable () async throws -> Void)
        async throws
    {
        switch side {
        case .pull: try await gate.pulling(layers, body)
        case .unknownPull: try await gate.pulling(nil, body)
        case .change: try await gate.changing(layers, body)
        }
    }

    @Test(arguments: [true, false])
    func whoWaitsForWhom(isSame: Bool) async throws {
        let (mine, theirs) = (layers("a", "b"), isSame ? layers("b", "c") : layers("c"))
        for first in Side.allCases {
            for second in Side.allCases {
                let isFree = Mutex(false)
                let flags = Flags()
                try await withThrowingTaskGroup(of: Void.self) { group in
                    let (open, close) = AsyncStream<Void>.makeStream()
                    let (begun, begin) = AsyncStream<Void>.makeStream()
                    group.addTask {
                        try await passing(first, mine) {
                            begin.finish()
                            for await _ in open {}
                            flags.firstIsDone.withLock { $0 = true }
                        }
                    }
                    for await _ in begun {}
                    group.addTask {
                        try await passing(second, theirs) {
                            flags.secondCameEarly.withLock { $0 = !flags.firstIsDone.withLock { $0 } }
                        }
                    }
                    let pulls = first != .change && second != .change
                    let isKnown = first != .unknownPull && second != .unknownPull
                    let mayPass = pulls || (isKnown && !isSame)
                    isFree.withLock { $0 = mayPass }
                    if mayPass {
                        // It ends although the first goes on.
                        try await eventually("\(second) passes beside \(first)") {
                            flags.secondCameEarly.withLock { $0 }
                        }
                    } else {
                        for _ in 0..<1000 { await Task.yield() }
                    }
                    close.finish()
                    try await group.waitForAll()
                }
                #expect(flags.secondCameEarly.withLock { $0 } == isFree.withLock { $0 }, "\(first), then \(second)")
            }
        }
    }

    private final class Flags: Sendable {
        let firstIsDone = Mutex(false)
        let secondCameEarly = Mutex(false)
    }

    @Test func whoeverGivesUpWaitingIsGone() async throws {
        let (open, close) = AsyncStream<Void>.makeStream()
        let (begun, begin) = AsyncStream<Void>.makeStream()
        let wanted = layers("a")
        let pull = Task {
            try await gate.pulling(wanted) {
                begin.finish()
                for await _ in open {}
            }
        }
        for await _ in begun {}
        let change = Task { try await gate.changing(wanted) {} }
        for _ in 0..<100 { await Task.yield() }
        change.cancel()
        await #expect(throws: CancellationError.self) { try await change.value }
        // Not now means not at all.
        try await gate.changingIfFree(wanted) { Issue.record("there is a pull under way") }
        close.finish()
        try await pull.value
        var isDone = false
        try await gate.changingIfFree(wanted) { isDone = true }
        #expect(isDone)
    }
}
