import Foundation
internal import OCI
import TestSupport
import Testing

/// What a node asks the registry for, and what containerd keeps.
@Suite(
    "Requests of a node with containerd", .enabled(if: ContainerNode.isPossible, ContainerNode.requirements),
    .containerNode("fill: {enabled: false}"))
struct ContainerdRequestTests {
    @Test func aStreamedImageCostsNoWholeBlob() async throws {
        let node = try ContainerNode.shared
        let image = node.reference("streamed")
        let bulk = try TestImage.Layer.gzip(TestImage.bulk(8 << 20, files: 64, seed: 21))
        let root = try TestImage.Layer.root()
        try TestImage(layers: [root, bulk]).push(to: node.registry, "streamed")
        try node.index("streamed")
        try await node.pull(image, "stream")
        // A range of a byte or two asks whether there are any, unless the host is known to serve them.
        let asked = try node.requests(for: bulk, of: "streamed").map { $0.rangeLength ?? bulk.blob.count }
        #expect(asked.reduce(0, +) <= 2, "a pull brings the table of contents only")
        try await node.withPod { pod in
            let container = try await node.start(image, in: pod)
            try await node.exec("/bin/sha256sum", "/bulk/file63", in: container)
        }
        let requests = try [root, bulk].flatMap { try node.requests(for: $0, of: "streamed") }
        #expect(!requests.isEmpty)
        #expect(requests.allSatisfy { $0.isOurs && $0.range != nil }, "\(requests)")
        let read = try node.requests(for: bulk, of: "streamed").compactMap(\.rangeLength).reduce(0, +)
        #expect(read < bulk.blob.count / 4, "one small file of 64 is not a quarter of the layer")
    }

    /// From its first ordinary answer upwards containerd would fetch all layers itself, whatever it is told of them later.
    @Test func aLayerWithoutIndexInTheMiddleMakesContainerdFetchNone() async throws {
        let node = try ContainerNode.shared
        let image = node.reference("middle")
        let layers = [
            try TestImage.Layer.root(), try .gzip(TestImage.bulk(4 << 20, seed: 31, name: "below")),
            try .gzip(TestImage.bulk(1 << 14, files: 1, seed: 32, name: "middle")),
            try .gzip(TestImage.bulk(4 << 20, seed: 33, name: "above")),
        ]
        try TestImage(layers: layers).push(to: node.registry, "middle")
        try node.index("middle", minimumLayerSize: 1 << 17)
        try await node.pull(image, "stream")
        #expect(try node.report(image)?.at("strategy").text == "stream")
        try await node.withPod { pod in
            let container = try await node.start(image, in: pod)
            try await node.exec("/bin/cat", "/middle/file0", in: container)
        }
        let requests = try layers.flatMap { try node.requests(for: $0, of: "middle") }
        #expect(requests.allSatisfy { $0.isOurs }, "\(requests)")
        let middle = try node.requests(for: layers[2], of: "middle")
        #expect(!middle.isEmpty)
        for layer in [layers[1], layers[3]] {
            let read = try node.requests(for: layer, of: "middle")
            #expect(
                read.allSatisfy { $0.range != nil } && read.compactMap(\.rangeLength).reduce(0, +) < layer.blob.count)
        }
    }

    @Test("A present image costs only the access check", arguments: ["stream", "prefetch", "pull"])
    func presentImage(strategy: String) async throws {
        let node = try ContainerNode.shared
        let repository = "present-\(strategy)"
        let image = node.reference(repository)
        // What one strategy has made of a layer is used by the others.
        let own = try TestImage.Layer.gzip(TestImage.bulk(1 << 18, seed: UInt64(strategy.utf8.count) + 41))
        try TestImage(layers: [.root(), own]).push(to: node.registry, repository)
        if strategy == "stream" { try node.index(repository) }
        let id = try await node.pull(image, strategy)
        let before = node.requests(for: repository).count
        #expect(try await node.pull(image, strategy) == id)
        let requests = node.requests(for: repository).dropFirst(before)
        #expect(!requests.isEmpty, "the registry was not asked")
        #expect(
            requests.allSatisfy { $0.path == "manifests/v1" || $0.path.hasPrefix("manifests/sha256:") }, "\(requests)")
    }

    @Test func whatContainerdHasUnpackedIsNotFetchedAgainForAWish() async throws {
        let node = try ContainerNode.shared
        let image = node.reference("unpacked")
        try TestImage(layers: [.root(), .gzip(TestImage.bulk(1 << 18, seed: 61))]).push(to: node.registry, "unpacked")
        let id = try await node.pull(image, "pull")
        let before = node.requests(for: "unpacked").count
        #expect(try await node.pull(image, "prefetch") == id)
        let requests = node.requests(for: "unpacked").dropFirst(before)
        #expect(requests.allSatisfy { $0.path == "manifests/v1" }, "\(requests)")
        #expect(try node.report(image)?.at("reasons").list.contains { $0.text.hasPrefix("alreadyUnpacked") } == true)
    }

    @Test("Containerd's content store has manifest and config only", arguments: ["stream", "prefetch"])
    func contentStore(strategy: String) async throws {
        let node = try ContainerNode.shared
        let repository = "content-\(strategy)"
        let image = node.reference(repository)
        let own = try TestImage.Layer.gzip(TestImage.bulk(1 << 20, seed: UInt64(strategy.utf8.count) + 50))
        // Not even the root is another image's, such as that of the sandboxes, which containerd has pulled plainly.
        let layers = [try .root(of: repository), own]
        let manifest = try TestImage(layers: layers).push(to: node.registry, repository)
        if strategy == "stream" { try node.index(repository) }
        let all = try node.registry.content(of: repository)
        #expect(try node.containerd.content().isDisjoint(with: all))
        let id = try await node.pull(image, strategy)
        #expect(try node.containerd.content().intersection(all) == [manifest, id])

        // Run twice, with all of it read: what was fetched once is not fetched again.
        var counts: [Int] = []
        for _ in 0..<2 {
            try await node.withPod { pod in
                let container = try await node.start(image, in: pod)
                try await node.exec("/bin/sh", "-c", "cat /bulk/* | sha256sum", in: container)
            }
            counts.append(node.requests(for: repository).count)
        }
        #expect(counts[0] == counts[1])
        #expect(try node.containerd.content().intersection(all) == [manifest, id])

        try await node.removeImage(id)
        try await eventually("the bytes are freed") { try !node.hasLayerDirectory(own) }
    }
}
