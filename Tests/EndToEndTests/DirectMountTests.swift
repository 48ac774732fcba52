import Foundation
import Linux
internal import OCI
import TestSupport
import Testing

/// Containers of complete layers read them without imagelet, where the kernel can.
@Suite("Complete layers on containerd", .enabled(if: ContainerNode.isPossible, ContainerNode.requirements))
struct DirectMountTests {
    private static let bulk = TestImage.bulk(2 << 20)
    private static let sums = "cd /bulk && sha256sum *"

    private func truth() throws -> String {
        let scratch = try ScratchDirectory()
        try Tool.check(["tar", "-C", scratch.path, "-xf", "-"], input: Self.bulk.finished())
        let sums = try Tool.check(["sh", "-c", "cd bulk && sha256sum *"], in: scratch.path)
        return String(decoding: sums, as: UTF8.self)
    }

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
            guard directMountsAreExpected else { return }
            #expect(!imagelet.directMounts.isEmpty)
            imagelet.crash()
            #expect(try await node.exec("/bin/sh", "-c", Self.sums, in: container) == truth())
            let mounts = imagelet.directMounts
            try await imagelet.start()
            try await node.snapshotterIsReached()
            #expect(imagelet.directMounts == mounts)
            let second = try await node.start(image, in: pod, name: "second")
            #expect(try await node.exec("/bin/sh", "-c", Self.sums, in: second) == truth())
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
                guard directMountsAreExpected else { return }
                #expect(imagelet.directMounts.count >= 2)
                #expect(try await node.exec("/bin/sh", "-c", Self.sums, in: container) == truth())
            }
            guard directMountsAreExpected else { return }
            // Orderly ends leave what snapshots need.
            let mounts = imagelet.directMounts
            try await imagelet.stop()
            #expect(imagelet.directMounts == mounts)
        }
    }
}

/// The same for those who mount images themselves.
@Suite("Complete layers in mounts", .enabled(if: TestNode.isPossible, "\(TestNode.requirements)"))
struct DirectImageMountTests {
    @Test func aMountIsReadWhileImageletIsDead() async throws {
        let bulk = TestImage.bulk(1 << 20)
        let registry = try await TestRegistry()
        defer { registry.stop() }
        try TestImage(layers: [.gzip(bulk)]).push(to: registry, "image")
        let image = "\(registry.host)/image:v1"
        try await withNode { node in
            try node.pull(image, "prefetch")
            let root = try node.mount(image)
            guard directMountsAreExpected else { return }
            #expect(node.directMounts.count == 1)
            node.crash()
            let scratch = try ScratchDirectory()
            try Tool.check(["tar", "-C", scratch.path, "-xf", "-"], input: bulk.finished())
            let sums = ["sh", "-c", "cd bulk && sha256sum *"]
            #expect(try Tool.check(sums, in: root) == Tool.check(sums, in: scratch.path))
            try await node.start()
            #expect(node.directMounts.count == 1)
            try node.unmount(root)
            try node.check("rm", image)
            #expect(node.directMounts == [] && node.layerDirectories == [])
        }
    }
}
