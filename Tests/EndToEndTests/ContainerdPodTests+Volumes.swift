import Glibc
internal import OCI
import TestSupport
import Testing

extension ContainerdPodTests {
    /// What containerd asks for an image volume from 2.1 on: a snapshot whose key is the path where it mounts it, `volatile`.
    /// The rest of critest's 17 to 21 is containerd's own, and Debian's has no image volumes yet.
    @Test("An image is mounted as a volume", arguments: ["stream", "prefetch", "pull"])
    func volume(strategy: String) async throws {
        let node = try ContainerNode.shared
        let repository = "volume-\(strategy)"
        let image = node.reference(repository)
        let own = try TestImage.Layer.gzip(TestImage.bulk(1 << 20, seed: UInt64(strategy.utf8.count) + 90))
        try TestImage(layers: [own]).push(to: node.registry, repository)
        if strategy == "stream" { try node.index(repository) }
        let id = try await node.pull(image, strategy)
        #expect(try node.report(image)?.at("strategy").text == strategy)

        let scratch = try ScratchDirectory()
        let target = try scratch.makeDirectory("image-volumes/\(id.dropFirst("sha256:".count))")
        // A single layer is its own chain.
        let mount = try node.containerd.ctr(
            "snapshots", "--snapshotter", "imagelet", "prepare", "--target", target, target,
            TestRegistry.digest(of: own.tar))
        defer { umount2(target, Int32(MNT_DETACH)) }
        try #require(mount.hasPrefix("mount -t overlay "), "\(mount)")
        try Tool.check(["sh", "-c", mount.split(separator: "\n")[0] + ",volatile"])
        // What is mounted outlives its image.
        try await node.removeImage(id)
        #expect(try TestImage.Layer.sums(in: target) == own.sums())
        umount2(target, Int32(MNT_DETACH))
        try node.containerd.ctr("snapshots", "--snapshotter", "imagelet", "rm", target)
        // Whoever removes an image next collects what the volume held.
        try await node.removeImage(id)
        try await eventually("the bytes are freed") { try !node.hasLayerDirectory(own) }
    }
}
