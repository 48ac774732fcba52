import Foundation
internal import OCI
import TestSupport
import Testing

/// Many at once: pulls, removals, namespaces, and what they share.
@Suite(
    "Concurrency on containerd", .enabled(if: ContainerNode.isPossible, ContainerNode.requirements),
    .containerNode("fill: {enabled: false}"))
struct ContainerdConcurrencyTests {
    /// Runs a pod of the image and reads a file of it.
    private func expectRuns(_ image: String, _ node: ContainerNode, reading file: String = "/bulk/file0") async throws {
        try await node.withPod { pod in
            let container = try await node.start(image, in: pod)
            let sum = try await node.exec("/bin/sha256sum", file, in: container)
            #expect(sum.hasSuffix("  \(file)\n"))
        }
    }

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
            try await node.exec("/bin/sha256sum", "/bulk/file1", in: left)
            try await node.exec("/bin/sha256sum", "/bulk/file2", in: right)
        }
        try await expectRuns(node.reference(names[1]), node)
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
        try await expectRuns(image, node)
        try await node.removeImage(image)
        try await eventually("the image is gone") { try await node.status(image) == nil }
        try node.containerd.ctr("images", "mount", "--snapshotter", "imagelet", image, target, namespace: other)
        defer { umount2(target, Int32(MNT_DETACH)) }
        let content = try Data(contentsOf: URL(fileURLWithPath: target + "/bulk/file3"))
        #expect(!content.isEmpty)
        try await node.pull(image, strategy)
        try await expectRuns(image, node)
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
            try await expectRuns(image, node)
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
        try await expectRuns(image, node)
    }

    @Test func tenPullsAtOnce() async throws {
        let node = try ContainerNode.shared
        let strategies = ["stream", "prefetch", "pull"]
        let names = (0..<10).map { "ten-\($0)" }
        for (number, name) in names.enumerated() {
            let own = try TestImage.Layer.gzip(TestImage.bulk(1 << 18, seed: 200 + UInt64(number)))
            try TestImage(layers: [.root(), own]).push(to: node.registry, name)
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
            for name in names {
                let container = try await node.start(node.reference(name), in: pod, name: name)
                try await node.exec("/bin/sha256sum", "/bulk/file0", in: container)
            }
        }
    }

    @Test("Five pulls of one image at once bring it once", arguments: ["prefetch", "pull"])
    func samePulls(strategy: String) async throws {
        let node = try ContainerNode.shared
        let repository = "joined-\(strategy)"
        let own = try TestImage.Layer.gzip(TestImage.bulk(1 << 20, seed: UInt64(strategy.utf8.count) + 140))
        try TestImage(layers: [.root(), own]).push(to: node.registry, repository)
        let image = node.reference(repository)
        let ids = try await withThrowingTaskGroup(of: String.self) { group in
            for _ in 0..<5 { group.addTask { try await node.pull(image, strategy) } }
            return try await group.reduce(into: Set()) { $0.insert($1) }
        }
        #expect(ids.count == 1)
        let requests = try node.requests(for: own, of: repository)
        if strategy == "prefetch" {
            #expect(requests.allSatisfy { $0.isOurs }, "\(requests)")
            let bytes = requests.map { $0.rangeLength ?? own.blob.count }.reduce(0, +)
            #expect(bytes < own.blob.count * 3 / 2, "\(requests)")
        } else {
            #expect(requests.count == 1, "\(requests)")
        }
    }

    /// A pull that gets no bytes holds up nobody else: neither pulls nor pods nor removals.
    @Test("A stuck pull blocks no other", arguments: ["prefetch", "pull"])
    func stuckPull(strategy: String) async throws {
        let node = try ContainerNode.shared
        let repository = "stuck-\(strategy)"
        let own = try TestImage.Layer.gzip(TestImage.bulk(1 << 20, seed: UInt64(strategy.utf8.count) + 150))
        try TestImage(layers: [own]).push(to: node.registry, repository)
        node.proxy.add(FaultRule(.stall(after: 1000), path: "\(repository)/blobs/" + (try own.digest)))
        let image = node.reference(repository)
        let stuck = Task { try await node.pull(image, strategy) }
        try await eventually("the pull is stuck") { try !node.requests(for: own, of: repository).isEmpty }
        try await eventually("something of it is here") {
            try await strategy == "pull" ? !node.snapshots(of: image).isEmpty : node.hasLayerDirectory(own)
        }

        let free = node.reference("free-\(strategy)")
        try TestImage(layers: [.root(), .gzip(TestImage.bulk(1 << 18, seed: 160))]).push(
            to: node.registry, "free-\(strategy)")
        try await node.pull(free, strategy)
        try await expectRuns(free, node)
        try await node.removeImage(free)
        #expect(try await node.status(free) == nil)

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

    /// The layers that a container reads stay while everything around them goes.
    @Test("Garbage is collected while a container reads", arguments: ["stream", "prefetch"])
    func collectingWhileReading(strategy: String) async throws {
        let node = try ContainerNode.shared
        let repository = "reading-\(strategy)"
        let image = node.reference(repository)
        let bulk = TestImage.bulk(4 << 20, files: 16, seed: UInt64(strategy.utf8.count) + 170)
        try TestImage(layers: [.root(), .gzip(bulk)]).push(to: node.registry, repository)
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
            async let sums = node.exec("/bin/sh", "-c", "cd /bulk && sha256sum *", in: container)
            for victim in victims {
                // CRI collects garbage before it answers.
                try await node.removeImage(node.reference(victim))
            }
            let scratch = try ScratchDirectory()
            try Tool.check(["tar", "-C", scratch.path, "-xf", "-"], input: bulk.finished())
            let truth = try Tool.check(["sh", "-c", "cd bulk && sha256sum *"], in: scratch.path)
            #expect(try await sums == String(decoding: truth, as: UTF8.self))
        }
    }
}
