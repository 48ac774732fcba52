import Foundation
internal import OCI
import TestSupport
import Testing

/// Any of the daemons may end at any moment and start in any order.
@Suite("Restarts on containerd", .enabled(if: ContainerNode.isPossible, ContainerNode.requirements))
struct ContainerdRestartTests {
    private let settings = "fill: {enabled: false}"

    /// The layer of the image that is not its root.
    private static func bulk() throws -> TestImage.Layer { try .gzip(TestImage.bulk(1 << 20)) }

    private func push(_ strategy: String, to node: ContainerNode, _ repository: String = "image") throws -> String {
        try TestImage(layers: [.root(), Self.bulk()]).push(to: node.registry, repository)
        if strategy == "stream" { try node.index(repository) }
        return node.reference(repository)
    }

    private func expectRuns(_ image: String, _ node: ContainerNode) async throws {
        try await node.expectRuns(image, with: Self.bulk())
    }

    @Test("Containerd is killed in the middle of a pull", arguments: ["prefetch", "pull"])
    func containerdDiesInAPull(strategy: String) async throws {
        try await withContainerNode(settings) { node in
            let image = try push(strategy, to: node)
            let bulk = try Self.bulk()
            node.proxy.add(FaultRule(.stall(after: 1000), path: try bulk.digest))
            let pull = Task { try await node.pull(image, strategy) }
            try await eventually("the layer is asked for") { try !node.requests(for: bulk, of: "image").isEmpty }
            node.containerd.kill()
            node.proxy.removeFaults()
            try await node.startContainerd()
            if strategy == "pull" {
                // containerd was fetching itself; the kubelet would ask again.
                let outcome = await pull.result
                #expect(throws: ForeignClient.Refusal.self) { try outcome.get() }
            } else {
                // The stalled transfer ends in its own time, with or without success.
                pull.cancel()
                _ = await pull.result
            }
            let id = try await node.pull(image, strategy)
            #expect(try await node.status(image)?.at("id").text == id)
            try await expectRuns(image, node)
        }
    }

    @Test("Imagelet restarts between pull and start", arguments: ["stream", "prefetch", "pull"], [true, false])
    func imageletRestarts(strategy: String, crashes: Bool) async throws {
        try await withContainerNode(settings) { node in
            let imagelet = try #require(node.imagelet)
            let image = try push(strategy, to: node)
            let id = try await node.pull(image, strategy)
            if crashes { try await imagelet.crashAndRestart() } else { try await imagelet.restart() }
            try await node.snapshotterIsReached()
            try await expectRuns(image, node)
            #expect(try await node.status(image)?.at("id").text == id)
            #expect(try node.report(image)?.at("strategy").text == strategy)
            // A pull of a known image works as before, and so does its removal.
            #expect(try await node.pull(image, strategy) == id)
            try await node.removeImage(id)
            #expect(try await node.status(image) == nil)
            #expect(try await node.pull(image, strategy) == id)
            try await expectRuns(image, node)
        }
    }

    @Test("Imagelet crashes between a container's creation and its start", arguments: ["stream", "prefetch", "pull"])
    func mountsAreAsTheyWere(strategy: String) async throws {
        try await withContainerNode(settings) { node in
            let imagelet = try #require(node.imagelet)
            let image = try push(strategy, to: node)
            try await node.pull(image, strategy)
            try await node.withPod { pod in
                let container = try await node.create(image, in: pod)
                try await imagelet.crashAndRestart()
                try await node.snapshotterIsReached()
                _ = try await node.client.call(
                    "StartContainer", ["container_id": "\(container)"], at: node.containerd.socket)
                try await node.expect(Self.bulk(), in: container)
            }
        }
    }

    @Test func aPrivateImageIsReadAfterACrashWithTheCredentialsOfItsPull() async throws {
        try await withContainerNode(settings) { node in
            let imagelet = try #require(node.imagelet)
            _ = try push("stream", to: node, "private")
            try await withTestRegistry(.init(access: .basic(["user": "word"]))) { locked in
                try Tool.check(["cp", "-a", node.registry.directory + "/data", locked.directory + "/"])
                let image = "\(locked.host)/private:v1"
                await #expect(throws: ForeignClient.Refusal.self) { try await node.pull(image, "stream") }
                try await node.pull(image, "stream", credentials: ("user", "word"))
                #expect(try node.report(image)?.at("strategy").text == "stream")
                try await imagelet.crashAndRestart()
                try await node.snapshotterIsReached()
                try await expectRuns(image, node)
            }
        }
    }

    @Test("Containerd restarts, and lists what it had", arguments: ["stream", "prefetch"])
    func containerdRestarts(strategy: String) async throws {
        try await withContainerNode(settings) { node in
            let image = try push(strategy, to: node)
            let id = try await node.pull(image, strategy)
            let pod = try await node.runPod()
            let container = try await node.start(image, in: pod)
            node.containerd.kill()
            try await node.startContainerd()
            #expect(try await node.status(image)?.at("id").text == id)
            #expect(try await node.images().contains { $0.at("id").text == id })
            #expect(try await node.exec("/bin/cat", "/proc/1/comm", in: container) == "sleep\n")
            try await node.remove(pod)
            try await expectRuns(image, node)
        }
    }

    @Test func imageletMayStartAfterContainerd() async throws {
        try await withContainerNode(settings, startsContainerd: false) { node in
            let imagelet = try #require(node.imagelet)
            try await imagelet.stop()
            try await node.startContainerd()
            try await imagelet.start()
            try await node.snapshotterIsReached()
            let image = try push("stream", to: node)
            try await node.pull(image, "stream")
            #expect(try node.report(image)?.at("strategy").text == "stream")
            try await expectRuns(image, node)
        }
    }

    /// While containerd is away calls end with a clear error; when it is back the same daemon goes on.
    @Test func containerdIsAwayForAWhile() async throws {
        try await withContainerNode(settings, startsContainerd: false) { node in
            let image = try push("prefetch", to: node)
            let calls: [(String, JSONValue)] = [
                ("ListImages", [:]), ("ImageFsInfo", [:]), ("Version", [:]), ("PullImage", node.pullRequest(image)),
            ]
            let codes = await withTaskGroup(of: String.self) { group in
                for (method, body) in calls {
                    group.addTask { await code { try await node.client.call(method, body, at: node.imageSocket) } }
                }
                return await group.reduce(into: []) { $0.append($1) }
            }
            #expect(codes == ["UNAVAILABLE", "UNAVAILABLE", "UNAVAILABLE", "UNAVAILABLE"])
            try await node.startContainerd()
            try await eventually("calls go through") { (try? await node.images()) != nil }
            try await node.pull(image, "prefetch")
            try await expectRuns(image, node)
            node.containerd.kill()
            #expect(await code { try await node.client.call("ListImages", at: node.imageSocket) } == "UNAVAILABLE")
            try await node.startContainerd()
            try await eventually("calls go through again") { (try? await node.images()) != nil }
            try await expectRuns(image, node)
        }
    }
}
