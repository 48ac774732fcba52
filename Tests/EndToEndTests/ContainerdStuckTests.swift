internal import OCI
import TestSupport
import Testing

/// Who waits for bytes that do not come waits alone.
@Suite(
    "Stuck images on containerd", .enabled(if: ContainerNode.isPossible, ContainerNode.requirements),
    .containerNode("fill: {enabled: false}\ntransfers: {readTimeout: 30m}"))
struct ContainerdStuckTests {
    /// Pulls, runs and removes an image that nothing is the matter with.
    private func expectNoneBlocked(_ node: ContainerNode, _ strategy: String, by stuck: String) async throws {
        let repository = "free-\(stuck)"
        let image = node.reference(repository)
        let own = try TestImage.Layer.gzip(TestImage.bulk(1 << 18, seed: UInt64(stuck.utf8.count) + 160))
        try TestImage(layers: [.root(), own]).push(to: node.registry, repository)
        if strategy == "stream" { try node.index(repository) }
        try await node.pull(image, strategy)
        try await node.expectRuns(image, with: own)
        try await node.removeImage(image)
        #expect(try await node.status(image) == nil)
    }

    @Test("A pull blocks no other, and no pod", arguments: ["prefetch", "pull"])
    func pull(strategy: String) async throws {
        let node = try ContainerNode.shared
        let repository = "pulled-\(strategy)"
        let own = try TestImage.Layer.gzip(TestImage.bulk(1 << 20, seed: UInt64(strategy.utf8.count) + 150))
        try TestImage(layers: [own]).push(to: node.registry, repository)
        node.proxy.add(FaultRule(.stall(after: 1000), path: "\(repository)/blobs/" + (try own.digest)))
        let image = node.reference(repository)
        let stuck = Task { try await node.pull(image, strategy) }
        try await eventually("the pull is stuck") { try !node.requests(for: own, of: repository).isEmpty }
        try await eventually("something of it is here") {
            try await strategy == "pull" ? !node.snapshots(of: image).isEmpty : node.hasLayerDirectory(own)
        }
        try await expectNoneBlocked(node, strategy, by: repository)

        // The caller who hangs up takes his pull with him, and all that it has begun.
        stuck.cancel()
        let outcome = await stuck.result
        #expect(throws: ForeignClient.Refusal.self) { try outcome.get() }
        #expect(try await node.status(image) == nil)
        try await eventually("nothing is left") {
            // containerd keeps a snapshot that it has begun until it collects garbage.
            try node.collectGarbage()
            return try await node.snapshots(of: image).isEmpty && !node.hasLayerDirectory(own)
        }
    }

    /// Not even the removal of the image it reads, with all that is collected then.
    @Test func aReaderBlocksNobody() async throws {
        let node = try ContainerNode.shared
        let image = node.reference("read")
        let own = try TestImage.Layer.gzip(TestImage.bulk(1 << 20, seed: 190))
        try TestImage(layers: [.root(), own]).push(to: node.registry, "read")
        try node.index("read")
        try await node.pull(image, "stream")
        node.proxy.add(FaultRule(.stall(after: 1000), path: "read/blobs/" + (try own.digest)))
        let before = try node.requests(for: own, of: "read").count
        try await node.withPod { pod in
            _ = try await node.start(image, ["/bin/sh", "-c", "cat /bulk/file7; echo; echo has ended"], in: pod)
            try await eventually("the bytes are asked for") { try node.requests(for: own, of: "read").count > before }
            try await node.removeImage(image)
            #expect(try await node.status(image) == nil)
            try await expectNoneBlocked(node, "stream", by: "read")
            #expect(!node.log(in: pod).contains("has ended"), "nobody was stuck")
        }
        // The container is gone with its reader, and with the container the layer.
        try await node.removeImage(image)
        try await eventually("the bytes are freed") { try !node.hasLayerDirectory(own) }
    }
}
