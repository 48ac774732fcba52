import Foundation
import TestSupport
import Testing

/// What containerd cannot leave by itself: `imagelet repair` says so, and mends it.
@Suite("Repair on containerd", .enabled(if: ContainerNode.isPossible, ContainerNode.requirements))
struct RepairTests {
    private let settings = "fill: {enabled: false}"

    /// The layer of the image that is not its root.
    private static func bulk() throws -> TestImage.Layer { try .gzip(TestImage.bulk(1 << 16)) }

    private func push(to node: ContainerNode) throws -> String {
        try TestImage(layers: [.root(), Self.bulk()]).push(to: node.registry, "image")
        return node.reference("image")
    }

    private func repair(_ node: ContainerNode, _ arguments: String...) throws -> TestNode.Outcome {
        try #require(node.imagelet).run(["repair", "--runtime", "unix://\(node.containerd.socket)"] + arguments)
    }

    private func expectNothingToRepair(_ node: ContainerNode, namespace: String = "k8s.io") throws {
        let told = try repair(node, "--namespace", namespace)
        #expect(told.status == 0 && told.output == "nothing to repair\n", "\(told)")
    }

    private func loseState(_ node: ContainerNode) async throws {
        let imagelet = try #require(node.imagelet)
        try imagelet.loseState()
        try await imagelet.start()
        try await node.snapshotterIsReached()
    }

    /// imagelet's files are lost while containerd still counts on them, for the images of pods as for those of sandboxes.
    @Test("Lost state", arguments: ["prefetch", "pull"])
    func lostState(strategy: String) async throws {
        try await withContainerNode(settings) { node in
            let image = try push(to: node)
            let id = try await node.pull(image, strategy)
            try await node.expectRuns(image, with: Self.bulk())
            try expectNothingToRepair(node)
            try await loseState(node)
            await #expect(throws: ForeignClient.Refusal.self) { try await node.pull(image, strategy) }
            await #expect(throws: ForeignClient.Refusal.self) { try await node.runPod() }
            let told = try repair(node, "--dry-run")
            #expect(told.status == 0 && told.output.contains(image) && told.output.contains(node.pause), "\(told)")
            await #expect(throws: ForeignClient.Refusal.self) { try await node.pull(image, strategy) }
            let mended = try repair(node)
            #expect(mended.status == 0 && mended.output == told.output, "\(mended)")
            try expectNothingToRepair(node)
            // What containerd has the layers of is not brought anew, but unpacked.
            #expect(try await node.status(image)?.at("id").text == (strategy == "pull" ? id : nil))
            if strategy == "prefetch" { #expect(try await node.pull(image, strategy) == id) }
            try await node.expectRuns(image, with: Self.bulk())
            #expect(try await node.pull(image, strategy) == id)
            try expectNothingToRepair(node)
        }
    }

    @Test func containersInTheWayAreNamedAndNothingIsForgotten() async throws {
        try await withContainerNode(settings) { node in
            let image = try push(to: node)
            let id = try await node.pull(image, "prefetch")
            let pod = try await node.runPod()
            let container = try await node.start(image, in: pod)
            try await node.stop(container)
            try await loseState(node)
            for _ in 0..<2 {
                let refused = try repair(node)
                // Its container holds the lowest layer too, the sandbox's only one.
                #expect(refused.status == 4 && refused.errors.contains(" of \(image); remove"), "\(refused)")
                #expect(refused.output.contains(image), "\(refused)")
                #expect(try await node.status(image)?.at("id").text == id)
                await #expect(throws: ForeignClient.Refusal.self) { try await node.pull(image, "prefetch") }
            }
            try await node.remove(pod)
            let mended = try repair(node)
            #expect(mended.status == 0 && mended.output.contains(image), "\(mended)")
            try await node.pull(image, "prefetch")
            try await node.expectRuns(image, with: Self.bulk())
            try expectNothingToRepair(node)
        }
    }

    @Test func imagesThatContainerdDoesNotListAreAnnounced() async throws {
        try await withContainerNode(settings) { node in
            let imagelet = try #require(node.imagelet)
            let image = try push(to: node)
            let id = try await node.pull(image, "prefetch")
            node.containerd.kill()
            try await imagelet.stop()
            try await node.startContainerd()
            try await imagelet.start()
            try await node.snapshotterIsReached()
            #expect(try await node.images().isEmpty)
            #expect(try await node.status(image) == nil)
            let mended = try repair(node)
            #expect(mended.status == 0 && mended.output.contains(image), "\(mended)")
            try await eventually("the image is listed") { try await node.status(image)?.at("id").text == id }
            try await node.expectRuns(image, with: Self.bulk())
            try expectNothingToRepair(node)
            // The CRI lists no image of another namespace, and none is missing there.
            try TestImage(layers: [.root()]).push(to: node.registry, "foreign")
            try node.containerd.ctr(
                "images", "pull", "--plain-http", "--snapshotter", "overlayfs", node.reference("foreign"),
                namespace: "other")
            try expectNothingToRepair(node, namespace: "other")
        }
    }

    @Test func anImageWithoutItsConfigIsBroughtAnew() async throws {
        try await withContainerNode(settings) { node in
            let image = try push(to: node)
            let id = try await node.pull(image, "prefetch")
            try await node.expectRuns(image, with: Self.bulk())
            // The id is the config's digest.
            try node.containerd.ctr("content", "rm", id)
            await #expect(throws: ForeignClient.Refusal.self) { try await node.expectRuns(image, with: Self.bulk()) }
            let mended = try repair(node)
            #expect(mended.status == 0 && mended.output.contains("\(image): \(id) is not"), "\(mended)")
            #expect(try await node.status(image) == nil)
            #expect(try await node.pull(image, "prefetch") == id)
            try await node.expectRuns(image, with: Self.bulk())
            try expectNothingToRepair(node)
        }
    }
}
