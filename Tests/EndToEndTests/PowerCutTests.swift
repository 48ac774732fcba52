import Foundation
import TestSupport
import Testing

@Suite(
    "Power cuts", .timeLimit(.minutes(15)),
    .enabled(if: PowerCut.isPossible, "needs root, /dev/fuse, docker-registry and clang"))
struct PowerCutTests {
    /// What is served after a cut is right, whatever of what was not synced got lost; nothing is left that nobody knows.
    @Test("Nothing wrong is served after a power cut, and nothing is leaked", arguments: 1...4 as ClosedRange<UInt64>)
    func cut(seed: UInt64) async throws {
        let layers = try (0..<2).map { number in
            try TestImage.Layer.gzip(TestImage.bulk(4 << 20, seed: UInt64(number) + 11, name: "part\(number)"))
        }
        try await withTestRegistry { registry in
            let directory = makeTemporaryDirectory()
            defer { try? FileManager.default.removeItem(atPath: directory) }
            // Small enough that segments are evicted all the while.
            try await withNode("cache: {maxBytes: 5Mi, minFreeBytes: 0, evictionThreshold: 0%}") { node in
                let cut = try PowerCut(below: directory, root: node.root)
                try node.loseState()
                node.service = TestNode.Service(environment: cut.environment)
                try await node.start()
                let image = "\(registry.host)/cut:v1"
                try TestImage(layers: layers).push(to: registry, "cut")
                try node.index(image, spanSize: 131072)
                try TestImage(layers: [layers[0]]).push(to: registry, "whole")
                try node.pull(image, "stream")
                try node.pull("\(registry.host)/whole:v1", "prefetch")
                let facts = try node.inspect(image).layers
                try await work(node, slots: facts.map(\.slot), rounds: Int(seed))
                node.crash()

                let salvaged = directory + "/salvaged"
                try cut.salvage(to: salvaged, seed: seed)
                try node.loseState()
                try FileManager.default.moveItem(atPath: salvaged, toPath: node.root)
                node.service = nil
                try await node.start()
                // A layer may be lost; its image counts as absent then, and the next pull mends it.
                try node.pull(image, "stream")
                try node.pull("\(registry.host)/whole:v1", "prefetch")
                for (layer, facts) in zip(layers, try node.inspect(image).layers) {
                    try expectTruth(layer, servedAt: "\(node.store)/\(facts.slot)")
                }
                let left = node.run("gc", "--dry-run").output
                #expect(!left.contains("directory"), "\(left)")
                try node.check("rm", image)
                try node.check("rm", "\(registry.host)/whole:v1")
                #expect(node.layerDirectories == [])
            }
        }
    }

    /// Reads here and there, so that segments come and go.
    private func work(_ node: TestNode, slots: [Int], rounds: Int) async throws {
        for round in 0..<rounds {
            for (part, slot) in slots.enumerated() {
                for file in 0..<8 where (file + round) % 3 != 0 {
                    // The kernel must ask again the next time.
                    let path = "\(node.store)/\(slot)/part\(part)/file\(file)"
                    try Tool.check(["dd", "if=\(path)", "of=/dev/null", "bs=64k", "iflag=nocache", "status=none"])
                }
            }
            if round % 2 == 0 {
                try await eventually("what is beyond the budget is gone") {
                    try node.check("status").contains("short") == false
                }
            }
        }
    }

    private func expectTruth(_ layer: TestImage.Layer, servedAt path: String) throws {
        let scratch = try ScratchDirectory()
        let unpacked = try scratch.makeDirectory("truth")
        try Tool.check(["tar", "-C", unpacked, "-xf", "-"], input: layer.tar)
        let difference = try Tool.run(["diff", "-r", unpacked, path])
        #expect(difference.status == 0, "\(String(decoding: difference.output.prefix(500), as: UTF8.self))")
    }
}
