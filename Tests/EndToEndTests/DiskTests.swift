import Foundation
import TestSupport
import Testing

/// What a node does when space is short: gives up what is cold, refuses what does not fit, goes on when the disk is full.
@Suite(
    "Short of space", .timeLimit(.minutes(10)),
    .enabled(if: TestNode.isPossible, "needs root, /dev/fuse and docker-registry"))
struct DiskTests {
    struct Report: Decodable {
        struct Cache: Decodable {
            var fillWaits: Bool
            var shortages: [String]
            var fullDisk: String?
        }
        struct Daemon: Decodable {
            var cacheBytes: Int64
            var cache: Cache
        }
        var daemon: Daemon
    }

    private func report(_ node: TestNode) throws -> Report.Daemon {
        try JSONDecoder().decode(Report.self, from: Data(node.check("status", "-o", "json").utf8)).daemon
    }

    private func makeIndex(_ image: String, _ node: TestNode) throws {
        try node.index(image, spanSize: 131072)
    }

    /// Compares all of the image's files with its tar.
    private func expectTruth(_ layer: TestImage.Layer, _ node: TestNode, slot: Int) throws {
        let scratch = try ScratchDirectory()
        let unpacked = try scratch.makeDirectory("truth")
        try Tool.check(["tar", "-C", unpacked, "-xf", "-"], input: layer.tar)
        let difference = try Tool.run(["diff", "-r", unpacked, "\(node.store)/\(slot)"])
        #expect(difference.status == 0, "\(String(decoding: difference.output.prefix(500), as: UTF8.self))")
    }

    @Test("What is beyond the budget is given up, and comes back when it is read")
    func budget() async throws {
        try await withTestRegistry { registry in
            try await withNode("cache: {maxBytes: 4Mi, minFreeBytes: 0, evictionThreshold: 0%}") { node in
                let image = "\(registry.host)/large:v1"
                let layer = try TestImage.Layer.gzip(TestImage.bulk(12 << 20))
                try TestImage(layers: [layer]).push(to: registry, "large")
                try node.pull(image, "prefetch")
                try await eventually("cold segments are gone") {
                    let daemon = try report(node)
                    return daemon.cache.shortages.isEmpty && daemon.cacheBytes < 5 << 20
                }
                let facts = try node.inspect(image).layers[0]
                #expect(facts.state == "streaming" && facts.contentPresent < 4 << 20)
                try expectTruth(layer, node, slot: facts.slot)
                // Also after a restart, whatever is here then.
                try await node.crashAndRestart()
                try expectTruth(layer, node, slot: facts.slot)
                try await eventually("again") { try report(node).cache.shortages.isEmpty }
            }
        }
    }

    @Test("A pull that would take the volume below the kubelet's threshold streams, or fails before it fetches")
    func threshold() async throws {
        try await withTestRegistry { registry in
            try await withNode("cache: {minFreeBytes: 0, evictionThreshold: 100%}") { node in
                let layer = try TestImage.Layer.gzip(TestImage.bulk(2 << 20))
                try TestImage(layers: [layer]).push(to: registry, "plain")
                try TestImage(layers: [layer]).push(to: registry, "indexed")
                let outcome = node.run(
                    "pull", "--quiet", "--annotation", "imagelet.dev/strategy=prefetch", "\(registry.host)/plain:v1")
                #expect(outcome.status == 5)
                #expect(outcome.errors.contains("above the kubelet's eviction threshold"), "\(outcome.errors)")
                #expect(node.layerDirectories.isEmpty)
                let image = "\(registry.host)/indexed:v1"
                try makeIndex(image, node)
                try node.pull(image, "prefetch")
                let facts = try node.inspect(image).layers[0]
                #expect(facts.state == "streaming")
                #expect(try node.inspect(image).reasons.first?.code == "noRoom")
                try expectTruth(layer, node, slot: facts.slot)
                #expect(try report(node).cache.fillWaits)
            }
        }
    }

    @Test("On a full disk reads are answered, status says so, and all recovers when space returns")
    func fullDisk() async throws {
        try await withTestRegistry { registry in
            try await withNode { node in
                try await node.stop()
                try FileManager.default.createDirectory(atPath: node.root, withIntermediateDirectories: true)
                try Tool.check(["mount", "-t", "tmpfs", "-o", "size=24m", "imagelet-test", node.root])
                defer { _ = try? Tool.run(["umount", "-l", node.root]) }
                // Before the file system it is on.
                defer { _ = try? Tool.run(["umount", "-l", node.store]) }
                defer { node.crash() }
                try await node.start()
                let image = "\(registry.host)/large:v1"
                let layer = try TestImage.Layer.gzip(TestImage.bulk(10 << 20))
                try TestImage(layers: [layer]).push(to: registry, "large")
                try makeIndex(image, node)
                try node.pull(image, "stream")
                let facts = try node.inspect(image).layers[0]
                let filler = node.root + "/filler"
                _ = try Tool.run(["dd", "if=/dev/zero", "of=\(filler)", "bs=64k", "status=none"])
                try expectTruth(layer, node, slot: facts.slot)
                #expect(try report(node).cache.fullDisk?.contains("could not be written") == true)
                #expect(try node.check("status").contains("disk full for "))
                let outcome = node.run(
                    "pull", "--quiet", "\(registry.host)/large:v1@sha256:" + String(repeating: "0", count: 64))
                #expect(outcome.status != 0)
                #expect(try node.check("images", "--quiet").split(separator: "\n").count == 1)
                try FileManager.default.removeItem(atPath: filler)
                try await eventually("recovered") { try report(node).cache.fullDisk == nil }
                try await eventually("filled") { try node.inspect(image).layers[0].state == "complete" }
                try node.check("rm", image)
                #expect(node.layerDirectories.isEmpty)
                try node.pull(image, "stream")
            }
        }
    }

    @Test("gc tells and frees what nobody needs")
    func garbage() async throws {
        try await withTestRegistry { registry in
            try await withNode { node in
                let image = "\(registry.host)/gone:v1"
                try TestImage(layers: [.gzip(TestImage.bulk(1 << 20))]).push(to: registry, "gone")
                try node.pull(image, "prefetch")
                #expect(try node.check("gc") == "nothing to free\n")
                try node.check("rm", image)
                for litter in ["layers/litter", "mounts/litter"] {
                    try FileManager.default.createDirectory(
                        atPath: node.root + "/" + litter, withIntermediateDirectories: true)
                    try Data(count: 100_000).write(to: URL(fileURLWithPath: node.root + "/" + litter + "/file"))
                }
                for isDry in [true, false] {
                    let said = node.run(isDry ? ["gc", "--dry-run"] : ["gc"]).output
                    #expect(said.contains("\(node.root)/layers/litter"))
                    #expect(said.contains("\(node.root)/mounts/litter"))
                    #expect(said.contains(".ztoc"), "the table of the layer that is gone")
                    #expect(said.contains(isDry ? "would free " : "freed "))
                }
                #expect(try node.check("gc") == "nothing to free\n")
                for name in ["layers", "mounts", "indexes"] {
                    #expect(try FileManager.default.contentsOfDirectory(atPath: node.root + "/" + name).isEmpty)
                }
            }
        }
    }

    @Test("A start leaves no orphan")
    func startUpSweep() async throws {
        try await withNode { node in
            try await node.stop()
            let litter = ["layers/gone-abc/x", "layers/rubbish/layer.tar", "indexes/a.new", "mounts/m/upper/x"]
            for name in litter {
                let path = node.root + "/" + name
                try FileManager.default.createDirectory(
                    atPath: (path as NSString).deletingLastPathComponent, withIntermediateDirectories: true)
                try Data(count: 1000).write(to: URL(fileURLWithPath: path))
            }
            try await node.start()
            for name in litter { #expect(!FileManager.default.fileExists(atPath: node.root + "/" + name), "\(name)") }
        }
    }

    @Test("ImageFsInfo is what du says")
    func usage() async throws {
        try await withTestRegistry { registry in
            try await withNode("fill: {enabled: false}") { node in
                let image = "\(registry.host)/used:v1"
                let layers = try [
                    TestImage.Layer.gzip(TestImage.bulk(3 << 20)), .gzip(TestImage.bulk(1 << 20, seed: 3, name: "two")),
                ]
                try TestImage(layers: layers).push(to: registry, "used")
                try makeIndex(image, node)
                try node.pull(image, "stream")
                _ = try Data(
                    contentsOf: URL(fileURLWithPath: "\(node.store)/\(node.inspect(image).layers[0].slot)/bulk/file1"))
                let other = "\(registry.host)/other:v1"
                try TestImage(layers: [.gzip(TestImage.bulk(2 << 20, seed: 5))]).push(to: registry, "other")
                try node.pull(other, "prefetch")
                try await expectUsageOfDu(node, socket: node.directory + "/cri.sock")
                // Also with what people write into mounts, and after a removal.
                let path = try node.mount(image)
                try Data(count: 700_000).write(to: URL(fileURLWithPath: path + "/written"))
                try await expectUsageOfDu(node, socket: node.directory + "/cri.sock")
                try await node.unmountWhenFree(path)
                try node.check("rm", other)
                try await expectUsageOfDu(node, socket: node.directory + "/cri.sock")
            }
        }
    }
}

/// Waits until ImageFsInfo at `socket` is within 5 % of what du says of the node's root: what was just written is counted a moment later.
func expectUsageOfDu(_ node: TestNode, socket: String) async throws {
    let client = try ForeignClient()
    defer { client.stop() }
    try await eventually("ImageFsInfo within 5 % of du") {
        let answer = try await client.call("ImageFsInfo", at: socket).at("image_filesystems").list
        let said = try Tool.check(["du", "-sx", "--block-size=1", node.root])
        let du = Double(String(decoding: said.prefix { $0 != UInt8(ascii: "\t") }, as: UTF8.self)) ?? 0
        let used = Double(answer.first?.at("used_bytes").at("value").number ?? 0)
        return abs(used - du) <= du * 0.05
    }
}
