import Foundation
import TestSupport
import Testing

/// The life of images on a node: found again after restarts, shared, removed, mounted.
@Suite("Images on a node", .enabled(if: TestNode.isPossible, "needs root, /dev/fuse and docker-registry"))
struct LifeTests {
    private func indexed(_ image: String, _ node: TestNode) throws {
        try node.index(image)
    }

    @Test("What was fetched is served after a restart without the registry", arguments: [false, true])
    func survivesRestart(crashes: Bool) async throws {
        let registry = try await TestRegistry()
        defer { registry.stop() }
        try await withNode("fill: {enabled: false}") { node in
            let image = "\(registry.host)/kept:v1"
            try TestImage(layers: [.gzip(TestImage.bulk(2 << 20))]).push(to: registry, "kept")
            try indexed(image, node)
            try node.pull(image, "stream")
            let slot = try node.inspect(image).layers[0].slot
            let path = "\(node.store)/\(slot)/bulk/file3"
            let before = try Data(contentsOf: URL(fileURLWithPath: path))
            let present = try node.inspect(image).layers[0].contentPresent
            #expect(present > 0)

            registry.stop()
            if crashes { try await node.crashAndRestart() } else { try await node.restart() }
            // After a crash segments are counted again once their checksum has been compared, at their first use.
            if !crashes { #expect(try node.inspect(image).layers[0].contentPresent >= present) }
            #expect(try Data(contentsOf: URL(fileURLWithPath: path)) == before)
            #expect(try node.check("images", "--quiet").split(separator: "\n").count == 1)
        }
    }

    @Test("A pod's wish holds though the image is being pulled without it")
    func wishes() async throws {
        try await withTestRegistry { registry in
            try await withNode("fill: {enabled: false}\npolicy: {streamThreshold: 0}") { node in
                try TestImage(layers: [.gzip(TestImage.bulk(2 << 20))]).push(to: registry, "wished")
                try indexed("\(registry.host)/wished:v1", node)
                try await withFaultyProxy(upstreamPort: registry.port) { proxy in
                    let image = "\(proxy.host)/wished:v1"
                    try node.pull(image)
                    let seen = try node.inspect(image)
                    #expect(seen.strategy == "stream" && seen.layers[0].state == "streaming")
                    let known = seen.layers.map(\.digest) + [seen.id]
                    let asked = proxy.requests.map(\.path).filter { $0.contains("/blobs/") }
                    let table = try #require(asked.first { path in !known.contains { path.hasSuffix($0) } })
                    try node.check("rm", image)
                    proxy.add(FaultRule(.stall(after: 0), path: table, times: 1))
                    let first = try ChildProcess(
                        [TestNode.binary, "pull", "--endpoint", "unix://\(node.directory)/cri.sock", image],
                        logPath: "\(node.directory)/first.log")
                    defer { first.stop() }
                    try await eventually("the first waits for the table of contents") {
                        proxy.requests.count { $0.path == table } == 2
                    }
                    try node.pull(image, "prefetch")
                    #expect(try node.inspect(image).layers[0].state == "complete")
                }
            }
        }
    }

    @Test func stoppingLeavesNeitherMountNorSocket() async throws {
        try await withNode { node in
            try await node.stop()
            let mounts = try String(contentsOfFile: "/proc/self/mountinfo", encoding: .utf8)
            #expect(!mounts.contains(node.directory))
            #expect(!FileManager.default.fileExists(atPath: node.directory + "/cri.sock"))
        }
    }

    @Test func aPrefetchMakesTheNextPullStream() async throws {
        try await withTestRegistry { registry in
            try await withNode { node in
                let image = "\(registry.host)/again:v1"
                try TestImage(layers: [.gzip(TestImage.bulk(2 << 20))]).push(to: registry, "again")
                try node.pull(image, "prefetch")
                #expect(try node.inspect(image).layers[0].state == "complete")
                try node.check("rm", image)
                #expect(node.layerDirectories == [])
                try node.pull(image, "stream")
                let seen = try node.inspect(image)
                #expect(seen.strategy == "stream")
                #expect(seen.layers[0].blobBytesFetched == 0)
            }
        }
    }

    @Test func sharedLayersOutliveOneOfTheirImages() async throws {
        try await withTestRegistry { registry in
            try await withNode { node in
                let shared = try TestImage.Layer.gzip(TestImage.bulk(1 << 20))
                let own = try TestImage.Layer.gzip(TestImage.bulk(1 << 20, seed: 3, name: "own"))
                try TestImage(layers: [shared]).push(to: registry, "one")
                try TestImage(layers: [shared, own]).push(to: registry, "two")
                try node.pull("\(registry.host)/one:v1")
                try node.pull("\(registry.host)/two:v1")
                #expect(node.layerDirectories.count == 2)
                try node.check("rm", "\(registry.host)/two:v1")
                #expect(node.layerDirectories.count == 1)
                let slot = try node.inspect("\(registry.host)/one:v1").layers[0].slot
                #expect(try Data(contentsOf: URL(fileURLWithPath: "\(node.store)/\(slot)/bulk/file0")).count > 0)
            }
        }
    }

    @Test func aMountIsARootFileSystem() async throws {
        try await withTestRegistry { registry in
            try await withNode { node in
                var lower = LayerMaker()
                lower.directory("etc/")
                lower.file("etc/kept", "kept")
                lower.file("etc/gone", "gone")
                lower.directory("replaced/")
                lower.file("replaced/old", "old")
                var upper = LayerMaker()
                upper.directory("etc/")
                upper.whiteout("etc/gone")
                upper.directory("replaced/")
                upper.opaque("replaced/")
                upper.file("replaced/new", "new")
                // The lower layer once more on top would bring "gone" back; here it is the upper that repeats.
                let layers = [
                    try TestImage.Layer.gzip(lower), try .gzip(upper), try .gzip(upper), try .gzip(LayerMaker()),
                ]
                let image = "\(registry.host)/rooted:v1"
                try TestImage(layers: layers).push(to: registry, "rooted")
                try node.pull(image)
                let path = try node.mount(image)
                let files = FileManager.default
                #expect(try files.contentsOfDirectory(atPath: path + "/etc").sorted() == ["kept"])
                #expect(try files.contentsOfDirectory(atPath: path + "/replaced").sorted() == ["new"])
                try "written".write(toFile: path + "/etc/kept", atomically: true, encoding: .utf8)
                #expect(try String(contentsOfFile: path + "/etc/kept", encoding: .utf8) == "written")

                // The image may go while it is mounted; its bytes stay until the mount goes.
                try node.check("rm", image)
                #expect(try String(contentsOfFile: path + "/replaced/new", encoding: .utf8) == "new")
                try node.unmount(path)
                #expect(node.layerDirectories == [])
                #expect(try files.contentsOfDirectory(atPath: node.root + "/mounts") == [])
            }
        }
    }

    @Test func aHundredLayersCostRequestsInProportion() async throws {
        try await withTestRegistry { registry in
            try await withNode { node in
                let layers = try (0..<100).map { number in
                    var maker = LayerMaker()
                    maker.file("file\(number)", "layer \(number)")
                    return try TestImage.Layer.gzip(maker)
                }
                try TestImage(layers: layers).push(to: registry, "deep")
                let image = "\(registry.host)/deep:v1"
                try indexed(image, node)
                try await withFaultyProxy(upstreamPort: registry.port) { proxy in
                    let proxied = "\(proxy.host)/deep:v1"
                    try node.pull(proxied, "stream")
                    #expect(proxy.requests.count <= 250)
                    #expect(try node.inspect(proxied).layers.count == 100)
                    let path = try node.mount(proxied)
                    #expect(try FileManager.default.contentsOfDirectory(atPath: path).count == 100)
                    #expect(try String(contentsOfFile: path + "/file57", encoding: .utf8) == "layer 57")
                }
            }
        }
    }

    @Test func identicalPullsAreJoined() async throws {
        try await withTestRegistry { registry in
            try await withNode { node in
                let bytes = try TestImage.Layer.gzip(TestImage.bulk(6 << 20))
                try TestImage(layers: [bytes]).push(to: registry, "joined")
                try await withFaultyProxy(
                    upstreamPort: registry.port, link: Link(megabitsPerSecond: 50, roundTrip: .milliseconds(5))
                ) { proxy in
                    let image = "\(proxy.host)/joined:v1"
                    let statuses = await withTaskGroup(of: Int32.self) { group in
                        for _ in 0..<5 {
                            let directory = node.directory
                            group.addTask { TestNode.pull(image, directory) }
                        }
                        return await group.reduce(into: []) { $0.append($1) }
                    }
                    #expect(statuses == [0, 0, 0, 0, 0])
                    #expect(proxy.link.carried < bytes.blob.count * 3 / 2, "the layer came once")
                }
            }
        }
    }
}
