import Distribution
import HTTP
import OCI
import State
import TestSupport
import Testing

@testable import Images

/// Whatever fails on our side, the runtime pulls as if we were not there.
@Suite("Pulls that we cannot prepare", .timeLimit(.minutes(10)))
struct DegradedPullTests {
    /// Expects that the runtime pulls in our place, and that this is told everywhere.
    private func expectPlainPull(
        of request: PullRequest, _ node: PullingNode, sourceLocation: SourceLocation = #_sourceLocation
    ) async throws {
        let before = (node.degradedCount, node.failureCount)
        let answer = try await node.puller.pull(request) { 1 }
        #expect(answer == 1, sourceLocation: sourceLocation)
        let note = try node.state.pullNotes().first { $0.name == request.image }
        #expect(note?.strategy == "pull", sourceLocation: sourceLocation)
        #expect(note?.reasons.contains("degraded") == true, "\(note as Any)", sourceLocation: sourceLocation)
        #expect(
            (node.degradedCount, node.failureCount) == (before.0 + 1, before.1 + 1), sourceLocation: sourceLocation)
        #expect(node.warnings.contains { $0.contains("degraded") }, sourceLocation: sourceLocation)
        // Nothing is kept of what was begun.
        #expect(try node.state.layers().isEmpty, sourceLocation: sourceLocation)
    }

    @Test("a failure that the runtime has, too, is not ours")
    func notOurs() async throws {
        try await withPullingNode { node in
            let absent = PullRequest(image: "\(node.proxy.host)/small:absent")
            await #expect(throws: PlayedRuntime.Refused.self) {
                try await node.puller.pull(absent) { throw PlayedRuntime.Refused() }
            }
            #expect(try node.state.pullNotes().isEmpty)
            #expect(node.degradedCount == 0 && node.failureCount == 1)
            #expect(node.warnings == [])
            // Where the runtime finds what we do not, it is.
            try await expectPlainPull(of: absent, node)
        }
    }

    @Test("a registry that hangs for us alone keeps the runtime waiting for a bounded time", arguments: 0..<3)
    func hangingRegistry(place: Int) async throws {
        let brief = Timeouts(
            connect: .seconds(1), responseHead: .milliseconds(300), idle: .milliseconds(300))
        let retry = RetryPolicy(attempts: 2)
        let options = RegistryClient.Options(
            retry: retry, blobRetry: retry, timeouts: brief, blobTimeouts: brief)
        try await withPullingNode(options: options) { node in
            let path = ["/manifests/v1", "\(node.config)", "\(node.layer)"][place]
            node.proxy.removeFaults()
            node.proxy.add(FaultRule(.stall(after: nil), path: path))
            try await expectPlainPull(of: node.prefetched, node)
        }
    }

    private struct Broken: Error {}

    @Test("a runtime that cannot be asked pulls", arguments: [false, true])
    func silentRuntime(knowsItsImages: Bool) async throws {
        let runtime = PlayedRuntime(holding: {
            guard knowsItsImages else { throw Broken() }
            return false
        })
        try await withPullingNode(runtime, knowsUs: { throw Broken() }) { node in
            try await expectPlainPull(of: node.prefetched, node)
        }
    }

    @Test("a database that fails costs no pull, before the runtime is asked or after, and changes no answer")
    func brokenDatabase() async throws {
        try await withPullingNode { node in
            let state = node.state
            // Offered, and gone when the runtime has pulled.
            await #expect(throws: PlayedRuntime.Refused.self) {
                try await node.puller.pull(node.prefetched) { throw PlayedRuntime.Refused() }
            }
            let offered = try await node.puller.pull(node.prefetched) {
                try state.close()
                return 1
            }
            #expect(offered == 1 && node.degradedCount == 0)
            // Gone before.
            #expect(try await node.puller.pull(node.prefetched) { 2 } == 2)
            #expect(node.degradedCount == 1)
            await #expect(throws: PlayedRuntime.Refused.self) {
                try await node.puller.pull(node.prefetched) { throw PlayedRuntime.Refused() }
            }
            #expect(node.degradedCount == 1)
            #expect(node.warnings.contains { $0.contains("not released") })
        }
    }

    @Test("a pull that is cancelled is no failure")
    func cancelled() async throws {
        try await withPullingNode { node in
            node.proxy.add(FaultRule(.stall(after: 1000), path: "\(node.layer)"))
            let (puller, request, proxy, layer) = (node.puller, node.prefetched, node.proxy, node.layer)
            let pull = Task { try await puller.pull(request) {} }
            try await eventually("the layer is asked for") {
                proxy.requests.contains { $0.path.contains("\(layer)") }
            }
            pull.cancel()
            let outcome = await pull.result
            #expect(throws: CancellationError.self) { try outcome.get() }
            #expect(node.failureCount == 0 && node.warnings == [])
            // The work that nobody waits for any more ends in its own time.
            try await eventually("nothing is left") { try node.state.layers().isEmpty }
        }
    }
}
