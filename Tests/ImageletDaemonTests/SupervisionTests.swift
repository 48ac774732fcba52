import Linux
import Synchronization
import Testing

@testable import ImageletDaemon

@Suite(.timeLimit(.minutes(2)))
struct SupervisionTests {
    /// Counts what is asked, and hears what is told.
    private final class Ears: Sendable {
        let asked = Atomic<Int>(0)
        let notices: AsyncStream<ServiceNotice>
        private let heard: AsyncStream<ServiceNotice>.Continuation

        init() { (notices, heard) = AsyncStream.makeStream() }

        func hear(_ notice: ServiceNotice) {
            heard.yield(notice)
            if notice == .stopping { heard.finish() }
        }
    }

    @Test func noSignWhileNothingMoves() async {
        let ears = Ears()
        let supervision = Supervision(
            interval: .milliseconds(3),
            isAlive: { ears.asked.wrappingAdd(1, ordering: .relaxed).newValue > 3 },
            tell: { ears.hear($0) }, clock: ContinuousClock())
        let service = Task { await supervision.run() }
        var heard: [ServiceNotice] = []
        for await notice in ears.notices {
            heard.append(notice)
            guard notice == .alive else { continue }
            #expect(ears.asked.load(ordering: .relaxed) > 3)
            service.cancel()
        }
        #expect(heard.first == .ready && heard.last == .stopping && heard.contains(.alive))
    }

    @Test func withoutWatchdogNothingIsAsked() async {
        let ears = Ears()
        let supervision = Supervision(
            interval: nil,
            isAlive: {
                ears.asked.wrappingAdd(1, ordering: .relaxed)
                return true
            }, tell: { ears.hear($0) }, clock: ContinuousClock())
        let service = Task { await supervision.run() }
        service.cancel()
        var heard: [ServiceNotice] = []
        for await notice in ears.notices { heard.append(notice) }
        #expect(heard == [.ready, .stopping])
        #expect(ears.asked.load(ordering: .relaxed) == 0)
    }
}
