import Foundation
internal import OCI
import TestSupport
import Testing

/// Images of every strategy run as containers of an unmodified containerd, and are what they would be without imagelet.
@Suite(
    "Pods on containerd", .enabled(if: ContainerNode.isPossible, ContainerNode.requirements),
    .containerNode("fill: {enabled: false}"))
struct ContainerdPodTests {
    @Test("An image of every oddity lives and goes", arguments: ["stream", "prefetch", "pull"])
    func life(strategy: String) async throws {
        let node = try ContainerNode.shared
        let repository = "life-\(strategy)"
        let image = node.reference(repository)
        // No layer but the root is shared with the other strategies, whose layers would be adopted.
        var odd = LayerMaker.oddities(forContainerd: true, isAligned: strategy == "prefetch")
        odd.file("strategy", strategy)
        let seed = UInt64(strategy.utf8.count)
        let own = try TestImage.Layer.gzip(TestImage.bulk(3 << 20, seed: seed), ["pigz", "-b", "128"])
        let plain = TestImage.Layer.plain(TestImage.bulk(1 << 20, seed: seed, name: "plain"))
        let layers = [
            try .root(), try .hidden(), try .gzip(odd), own, plain, try .gzip(LayerMaker()),
        ]
        try TestImage(layers: layers).push(to: node.registry, repository)
        if strategy == "stream" { try node.index(repository) }

        let id = try await node.pull(image, strategy)
        #expect(try node.report(image)?.at("strategy").text == strategy)
        #expect(try await node.status(image)?.at("id").text == id)
        try await node.withPod { pod in
            let container = try await node.start(
                image, ["/bin/sh", "-c", "echo out; exec sleep 1000000"], in: pod)
            #expect(try await node.exec("/bin/cat", "/proc/1/comm", in: container) == "sleep\n")
            #expect(try await node.exec("/bin/cat", "/links/second", in: container) == "linked\n")
            try await eventually("the log has a line") { node.log(in: pod).hasSuffix("stdout F out\n") }
            let differences = try node.differences(of: container, from: image)
            #expect(differences == [])
            // What a container writes is its own.
            try await node.exec("/bin/sh", "-c", "echo changed > /links/first; echo new > /marks/new", in: container)
            #expect(try await node.exec("/bin/cat", "/links/first", in: container) == "changed\n")
            let other = try await node.start(image, in: pod, name: "other")
            #expect(try await node.exec("/bin/cat", "/links/first", in: other) == "linked\n")
            try await node.stop(container)
            try await node.removeContainer(container)
        }

        try await node.removeImage(id)
        #expect(try await node.status(image) == nil)
        #expect(try await node.images().contains { $0.at("id").text == id } == false)
        try await eventually("the image is forgotten") { try node.report(image) == nil }
        for layer in [own, plain] {
            try await eventually("the bytes are freed") { try !node.hasLayerDirectory(layer) }
        }
    }

    /// More lower directories than a page of mount options holds, some of them twice, some empty.
    @Test("A hundred layers, duplicate and empty ones among them", arguments: ["stream", "prefetch", "pull"])
    func manyLayers(strategy: String) async throws {
        let node = try ContainerNode.shared
        let repository = "many-\(strategy)"
        let image = node.reference(repository)
        var layers = [try TestImage.Layer.root()]
        var again = LayerMaker()
        again.file("comes-back", "again")
        var gone = LayerMaker()
        gone.whiteout("comes-back")
        layers += [try .gzip(again), try .gzip(gone), try .gzip(again), try .gzip(LayerMaker())]
        for number in 0..<95 {
            var maker = LayerMaker()
            maker.file("file\(number)", "layer \(number)")
            maker.file("last", "\(number) of \(strategy)")
            if number > 0 { maker.whiteout("file\(number - 1)") }
            layers.append(try .gzip(maker))
        }
        layers += [try .gzip(LayerMaker()), try .gzip(again)]
        try TestImage(layers: layers).push(to: node.registry, repository)
        if strategy == "stream" { try node.index(repository) }
        try await node.pull(image, strategy)
        #expect(try node.report(image)?.at("strategy").text == strategy)
        try await node.withPod { pod in
            let container = try await node.start(image, in: pod)
            #expect(try await node.exec("/bin/cat", "/last", in: container) == "94 of \(strategy)")
            let differences = try node.differences(of: container, from: image)
            #expect(differences == [])
        }
        try await node.removeImage(image)
    }

    @Test("An image of one layer", arguments: ["prefetch", "pull"])
    func oneLayer(strategy: String) async throws {
        let node = try ContainerNode.shared
        let image = node.reference("one-\(strategy)")
        try TestImage(layers: [.root()]).push(to: node.registry, "one-\(strategy)")
        try await node.pull(image, strategy)
        try await node.withPod { pod in
            let container = try await node.start(image, in: pod)
            #expect(try await node.exec("/bin/id", "-u", in: container) == "0\n")
            let differences = try node.differences(of: container, from: image)
            #expect(differences == [])
        }
    }

    /// What cannot be honoured falls to the next strategy that can, and the pod runs.
    @Test func aWishThatCannotBeHonouredRunsAnyway() async throws {
        let node = try ContainerNode.shared
        let image = node.reference("wish")
        try TestImage(layers: [.root(), .gzip(TestImage.bulk(1 << 18, seed: 77))]).push(to: node.registry, "wish")
        try await node.pull(image, "stream")
        let report = try node.report(image)
        #expect(report?.at("strategy").text == "prefetch")
        #expect(report?.at("reasons").list.contains { $0.text.hasPrefix("requestNotPossible") } == true)
        try await node.withPod { pod in
            let container = try await node.start(image, in: pod)
            try await node.exec("/bin/cat", "/bulk/file0", in: container)
        }
    }
}
