import Foundation
import Linux
internal import OCI
import TestSupport
import Testing

/// Containers of complete layers read them without imagelet.
@Suite(
    "Complete layers on containerd", .enabled(if: ContainerNode.isPossible, ContainerNode.requirements),
    .enabled(if: directMountsAreExpected, "\(directMountRequirements)"))
struct DirectMountTests {
    private static let bulk = TestImage.bulk(2 << 20)

    private func push(to node: ContainerNode) throws -> String {
        try TestImage(layers: [.root(), .gzip(Self.bulk)]).push(to: node.registry, "image")
        return node.reference("image")
    }

    @Test func containersRunWhileImageletIsDead() async throws {
        try await withContainerNode("") { node in
            let imagelet = try #require(node.imagelet)
            let image = try push(to: node)
            let id = try await node.pull(image, "prefetch")
            let pod = try await node.runPod()
            let container = try await node.start(image, in: pod)
            #expect(!imagelet.directMounts.isEmpty)
            imagelet.crash()
            try await node.expect(.gzip(Self.bulk), in: container)
            let mounts = imagelet.directMounts
            try await imagelet.start()
            try await node.snapshotterIsReached()
            #expect(imagelet.directMounts == mounts)
            let second = try await node.start(image, in: pod, name: "second")
            try await node.expect(.gzip(Self.bulk), in: second)
            try await node.remove(pod)
            try await node.removeImage(id)
            let layer = try TestImage.Layer.gzip(Self.bulk)
            try await eventually("the bytes are freed") { try !node.hasLayerDirectory(layer) }
            // The pause image may share the root's layer.
            #expect(imagelet.directMounts.count < mounts.count)
        }
    }

    @Test func aLayerThatStreamedIsDirectForTheNextContainer() async throws {
        try await withContainerNode("fill: {quietPeriod: 0s}") { node in
            let imagelet = try #require(node.imagelet)
            let image = try push(to: node)
            try node.index("image")
            try await node.pull(image, "stream")
            try await eventually("all layers are complete") {
                try node.report(image)?.at("layers").list.allSatisfy { $0.at("state").text == "complete" } == true
            }
            try await node.withPod { pod in
                let container = try await node.start(image, in: pod)
                #expect(imagelet.directMounts.count >= 2)
                try await node.expect(.gzip(Self.bulk), in: container)
            }
            // Orderly ends leave what snapshots need.
            let mounts = imagelet.directMounts
            try await imagelet.stop()
            #expect(imagelet.directMounts == mounts)
        }
    }

    @Test func whatAContainerUsesIsNotEvicted() async throws {
        try await withContainerNode("") { node in
            let imagelet = try #require(node.imagelet)
            let image = try push(to: node)
            try node.index("image")
            try await node.pull(image, "prefetch")
            let pod = try await node.runPod()
            let container = try await node.start(image, in: pod)
            #expect(!imagelet.directMounts.isEmpty)
            try imagelet.configure(
                "runtime: containerd\ncache: {maxBytes: 1Mi, minFreeBytes: 0, evictionThreshold: 0%}")
            try await imagelet.restart()
            let bulk = try TestImage.Layer.gzip(Self.bulk)
            for _ in 0..<3 { try imagelet.check("gc") }
            #expect(try node.allocated(bulk) >= 2 << 20)
            imagelet.crash()
            try await node.expect(.gzip(Self.bulk), in: container)
            try await imagelet.start()
            try await node.snapshotterIsReached()
            // Nobody uses it any more: another start asks again at once.
            try await node.remove(pod)
            try await imagelet.restart()
            try await eventually("the layer's bytes are given up") {
                try imagelet.check("gc")
                return try node.allocated(bulk) < 2 << 20
            }
            try await node.snapshotterIsReached()
            try await node.withPod { pod in
                let again = try await node.start(image, in: pod, name: "again")
                try await node.expect(.gzip(Self.bulk), in: again)
            }
        }
    }
}

/// The same for those who mount images themselves.
@Suite(
    "Complete layers in mounts", .enabled(if: TestNode.isPossible, "\(TestNode.requirements)"),
    .enabled(if: directMountsAreExpected, "\(directMountRequirements)"))
struct DirectImageMountTests {
    @Test func aMountIsReadWhileImageletIsDead() async throws {
        let bulk = try TestImage.Layer.gzip(TestImage.bulk(1 << 20))
        let registry = try await TestRegistry()
        defer { registry.stop() }
        try TestImage(layers: [bulk]).push(to: registry, "image")
        let image = "\(registry.host)/image:v1"
        try await withNode { node in
            try node.pull(image, "prefetch")
            let root = try node.mount(image)
            #expect(node.directMounts.count == 1)
            node.crash()
            #expect(try TestImage.Layer.sums(in: root) == bulk.sums())
            try await node.start()
            #expect(node.directMounts.count == 1)
            try node.unmount(root)
            try node.check("rm", image)
            #expect(node.directMounts == [] && node.layerDirectories == [])
        }
    }

    /// An image of one layer with `size` bytes of content, all of them here.
    private func withPrefetchedImage(
        of size: Int, _ body: (TestNode, _ image: String, LayerTruth) async throws -> Void
    ) async throws {
        let layer = try TestImage.Layer.gzip(TestImage.bulk(size))
        let scratch = try ScratchDirectory()
        let truth = try LayerTruth(layer, in: scratch.file("truth"))
        try await withTestRegistry { registry in
            try TestImage(layers: [layer]).push(to: registry, "image")
            let image = "\(registry.host)/image:v1"
            try await withNode { node in
                try node.pull(image, "prefetch")
                try await body(node, image, truth)
            }
        }
    }

    private static let tight = "cache: {maxBytes: 1Mi, minFreeBytes: 0, evictionThreshold: 0%}"

    /// A mount that nobody looks into does not keep its layer here; what an overlay was made of stays to the byte.
    @Test func theBudgetTakesBackWhatNobodyUses() async throws {
        try await withPrefetchedImage(of: 4 << 20) { node, image, truth in
            func presentBytes() throws -> Int { try node.inspect(image).layers[0].contentPresent }
            func read(_ root: String) async throws {
                try await away { try TreeReader(truth: truth, root: root, stalls: LongestStall()).readAll() }
            }
            let size = try presentBytes()
            let root = try node.mount(image)
            #expect(node.directMounts.count == 1)
            try await read(root)
            try node.configure(Self.tight)
            try await node.restart()
            for _ in 0..<3 { try node.check("gc") }
            #expect(try presentBytes() == size, "an overlay was made of it")
            node.crash()
            try await read(root)
            try await node.start()
            try await node.unmountWhenFree(root)

            // Mounted directly, and nobody there.
            try node.configure("")
            try await node.restart()
            let second = try node.mount(image)
            #expect(node.directMounts.count == 1)
            try await read(second)
            try await node.unmountWhenFree(second)
            #expect(node.directMounts.count == 1)
            try node.configure(Self.tight)
            try await node.restart()
            try await eventually("the layer's bytes are given up") {
                try node.check("gc")
                return try presentBytes() < size / 2
            }
            #expect(node.directMounts == [])
            // What went comes back.
            let third = try node.mount(image)
            try await read(third)
            #expect(node.directMounts == [])
            try await node.unmountWhenFree(third)
        }
    }

    @Test func switchedOffLayersAreServedByFUSE() async throws {
        try await withPrefetchedImage(of: 1 << 20) { node, image, truth in
            let before = try node.mount(image)
            #expect(node.directMounts.count == 1)
            try node.configure("layers: {directMounts: false}")
            try await node.restart()
            #expect(node.directMounts == [])
            let after = try node.mount(image)
            #expect(node.directMounts == [])
            for root in [before, after] {
                try await away { try TreeReader(truth: truth, root: root, stalls: LongestStall()).readAll() }
            }
        }
    }
}
