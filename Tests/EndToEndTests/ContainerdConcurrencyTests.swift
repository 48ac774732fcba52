import Foundation
internal import OCI
import TestSupport
import Testing

/// Many at once: pulls, removals, namespaces, and what they share.
@Suite(
    "Concurrency on containerd", .enabled(if: ContainerNode.isPossible, ContainerNode.requirements),
    .containerNode("fill: {enabled: false}"))
struct ContainerdConcurrencyTests {
    @Test("Two images share layers", arguments: ["stream", "prefetch", "pull"])
    func sharedLayers(strategy: String) async throws {
        let node = try ContainerNode.shared
        let names = ["left-\(strategy)", "right-\(strategy)"]
        let seed = UInt64(strategy.utf8.count) + 100
        let shared = try TestImage.Layer.gzip(TestImage.bulk(1 << 20, seed: seed))
        for name in names {
            let own = LayerMaker.single("own", name)
            try TestImage(layers: [.root(), shared, .gzip(own)]).push(to: node.registry, name)
            if strategy == "stream" { try node.index(name) }
        }
        try await withThrowingTaskGroup(of: Void.self) { group in
            for name in names {
                group.addTask { try await node.pull(node.reference(name), strategy) }
            }
            try await group.waitForAll()
        }
        try await node.withPod { pod in
            let left = try await node.start(node.reference(names[0]), in: pod, name: "left")
            let right = try await node.start(node.reference(names[1]), in: pod, name: "right")
            #expect(try await node.exec("/bin/cat", "/own", in: left) == names[0])
            #expect(try await node.exec("/bin/cat", "/own", in: right) == names[1])
            try await node.removeImage(node.reference(names[0]))
            // The image of a running container may go; its layers stay as long as it runs, and the other's in any case.
            for container in [left, right] { try await node.expect(shared, in: container) }
        }
        try await node.expectRuns(node.reference(names[1]), with: shared)
    }

    @Test("One image in two namespaces", arguments: ["stream", "prefetch"])
    func namespaces(strategy: String) async throws {
        let node = try ContainerNode.shared
        let repository = "spaces-\(strategy)"
        let image = node.reference(repository)
        let own = try TestImage.Layer.gzip(TestImage.bulk(1 << 18, seed: UInt64(strategy.utf8.count) + 110))
        try TestImage(layers: [.root(), own]).push(to: node.registry, repository)
        if strategy == "stream" { try node.index(repository) }
        try await node.pull(image, strategy)
        let scratch = try ScratchDirectory()
        let target = try scratch.makeDirectory("mount")
        let other = "other-\(strategy)"
        try node.containerd.ctr(
            "images", "pull", "--plain-http", "--snapshotter", "imagelet", image, namespace: other)
        try await node.expectRuns(image, with: own)
        try await node.removeImage(image)
        try await eventually("the image is gone") { try await node.status(image) == nil }
        try node.containerd.ctr("images", "mount", "--snapshotter", "imagelet", image, target, namespace: other)
        defer { umount2(target, Int32(MNT_DETACH)) }
        #expect(try TestImage.Layer.sums(in: target) == own.sums())
        try await node.pull(image, strategy)
        try await node.expectRuns(image, with: own)
    }

    @Test("Removed and pulled again and again", arguments: ["stream", "prefetch", "pull"])
    func again(strategy: String) async throws {
        let node = try ContainerNode.shared
        let repository = "again-\(strategy)"
        let image = node.reference(repository)
        let own = try TestImage.Layer.gzip(TestImage.bulk(1 << 18, seed: UInt64(strategy.utf8.count) + 120))
        try TestImage(layers: [.root(), own]).push(to: node.registry, repository)
        if strategy == "stream" { try node.index(repository) }
        var ids: Set<String> = []
        for _ in 0..<3 {
            ids.insert(try await node.pull(image, strategy))
            try await node.expectRuns(image, with: own)
            try await node.removeImage(image)
            #expect(try await node.status(image) == nil)
        }
        #expect(ids.count == 1)
    }

    @Test("Pulls and removals of one image at once", arguments: ["stream", "prefetch"])
    func pullingWhileRemoving(strategy: String) async throws {
        let node = try ContainerNode.shared
        let repository = "contested-\(strategy)"
        let image = node.reference(repository)
        let own = try TestImage.Layer.gzip(TestImage.bulk(1 << 18, seed: UInt64(strategy.utf8.count) + 130))
        try TestImage(layers: [.root(), own]).push(to: node.registry, repository)
        if strategy == "stream" { try node.index(repository) }
        await withTaskGroup(of: Void.self) { group in
            for task in 0..<4 {
                group.addTask {
                    for _ in 0..<5 {
                        // Either may find that the other was faster: what counts is the state afterwards.
                        if task.isMultiple(of: 2) {
                            _ = try? await node.pull(image, strategy)
                        } else {
                            try? await node.removeImage(image)
                        }
                    }
                }
            }
        }
        let id = try await node.pull(image, strategy)
        #expect(try await node.status(image)?.at("id").text == id)
        try await node.expectRuns(image, with: own)
    }

    @Test func tenPullsAtOnce() async throws {
        let node = try ContainerNode.shared
        let strategies = ["stream", "prefetch", "pull"]
        let names = (0..<10).map { "ten-\($0)" }
        let layers = try names.indices.map { number in
            try TestImage.Layer.gzip(TestImage.bulk(1 << 18, seed: 200 + UInt64(number)))
        }
        for (number, name) in names.enumerated() {
            try TestImage(layers: [.root(), layers[number]]).push(to: node.registry, name)
            if number % 3 == 0 { try node.index(name) }
        }
        let ids = try await withThrowingTaskGroup(of: String.self) { group in
            for (number, name) in names.enumerated() {
                group.addTask { try await node.pull(node.reference(name), strategies[number % 3]) }
            }
            return try await group.reduce(into: Set()) { $0.insert($1) }
        }
        #expect(ids.count == 10)
        try await node.withPod { pod in
            for (name, layer) in zip(names, layers) {
                let container = try await node.start(node.reference(name), in: pod, name: name)
                try await node.expect(layer, in: container)
            }
        }
    }

    @Test("Five pulls of one image at once bring it once", arguments: ["stream", "prefetch", "pull"])
    func samePulls(strategy: String) async throws {
        let node = try ContainerNode.shared
        let repository = "joined-\(strategy)"
        let own = try TestImage.Layer.gzip(TestImage.bulk(1 << 20, seed: UInt64(strategy.utf8.count) + 140))
        try TestImage(layers: [.root(), own]).push(to: node.registry, repository)
        if strategy == "stream" { try node.index(repository) }
        let image = node.reference(repository)
        let ids = try await withThrowingTaskGroup(of: String.self) { group in
            for _ in 0..<5 { group.addTask { try await node.pull(image, strategy) } }
            return try await group.reduce(into: Set()) { $0.insert($1) }
        }
        #expect(ids.count == 1)
        let requests = try node.requests(for: own, of: repository)
        switch strategy {
        case "stream":
            // A range of a byte or two may have asked whether there are any.
            #expect(requests.allSatisfy { $0.isOurs && ($0.rangeLength ?? .max) <= 2 }, "\(requests)")
            let others = node.requests(for: repository).filter { $0.isOurs && $0.isForBlob && $0.range == nil }
            #expect(Set(others.map(\.path)).count == others.count, "\(others)")
        case "prefetch":
            #expect(requests.allSatisfy { $0.isOurs }, "\(requests)")
            let bytes = requests.map { $0.rangeLength ?? own.blob.count }.reduce(0, +)
            #expect(bytes < own.blob.count * 3 / 2, "\(requests)")
        default:
            #expect(requests.count == 1, "\(requests)")
        }
        try await node.expectRuns(image, with: own)
    }

    /// The layers that a container reads stay while everything around them goes.
    @Test("Garbage is collected while a container reads", arguments: ["stream", "prefetch"])
    func collectingWhileReading(strategy: String) async throws {
        let node = try ContainerNode.shared
        let repository = "reading-\(strategy)"
        let image = node.reference(repository)
        let bulk = try TestImage.Layer.gzip(
            TestImage.bulk(4 << 20, files: 16, seed: UInt64(strategy.utf8.count) + 170))
        try TestImage(layers: [.root(), bulk]).push(to: node.registry, repository)
        if strategy == "stream" { try node.index(repository) }
        let victims = (0..<4).map { "victim-\(strategy)-\($0)" }
        for (number, victim) in victims.enumerated() {
            let own = try TestImage.Layer.gzip(TestImage.bulk(1 << 16, seed: 180 + UInt64(number)))
            try TestImage(layers: [.root(), own]).push(to: node.registry, victim)
            try await node.pull(node.reference(victim), "prefetch")
        }
        try await node.pull(image, strategy)
        try await node.withPod { pod in
            let container = try await node.start(image, in: pod)
            // The image itself goes first: only the container holds its layers from then on.
            try await node.removeImage(image)
            async let reading: Void = node.expect(bulk, in: container)
            for victim in victims {
                // CRI collects garbage before it answers.
                try await node.removeImage(node.reference(victim))
            }
            try await reading
        }
    }
}
