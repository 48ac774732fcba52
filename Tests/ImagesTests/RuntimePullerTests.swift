import Distribution
import OCI
import State
import Synchronization
import Testing

@testable import Images

@Suite("Pulls in front of a runtime", .timeLimit(.minutes(3)))
struct RuntimePullerTests {
    @Test("a very small image is given to the runtime before it pulls")
    func supplied() async throws {
        try await withPullingNode() { node in
            let taken = try await node.puller.pull(PullRequest(image: node.image)) {
                node.runtime.taken.withLock { $0 }
            }
            #expect(Set(taken.keys) == Set(node.blobs.keys).union([node.manifest]))
            for (digest, bytes) in node.blobs { #expect(taken[digest] == bytes) }
            #expect(try await node.requests(atLeast: 3).first == "GET manifests/v1")
            #expect(try node.state.pullNotes().map(\.strategy) == ["pull"])
        }
    }

    @Test("a name that was pulled before costs a question, not its documents")
    func heldByTheRuntime() async throws {
        try await withPullingNode() { node in
            for _ in 0..<2 {
                try await node.puller.pull(PullRequest(image: node.image)) {}
            }
            let requests = try await node.requests(atLeast: 4)
            #expect(requests.count == 4)
            #expect(requests.last == "HEAD manifests/v1")
        }
    }

    @Test("a runtime that takes nothing, or keeps us waiting, pulls all the same", arguments: [false, true])
    func notTaken(isStuck: Bool) async throws {
        let runtime = PlayedRuntime {
            guard isStuck else { throw PlayedRuntime.Refused() }
            try await Task.sleep(for: .seconds(3600))
        }
        try await withPullingNode(runtime) { node in
            let answer = try await node.puller.pull(PullRequest(image: node.image)) { 1 }
            #expect(answer == 1)
            #expect(node.runtime.taken.withLock { Set($0.keys) } == [node.manifest])
        }
    }
}
