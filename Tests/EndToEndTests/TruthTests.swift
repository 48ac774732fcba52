import Foundation
import TestSupport
import Testing

/// What is served equals what GNU tar unpacks: every name, mode, owner, time, link, device, attribute and byte.
@Suite(
    "Served layers and GNU tar's unpack", .enabled(if: TestNode.isPossible, "needs root, /dev/fuse and docker-registry")
)
struct TruthTests {
    @Test("An image of every oddity", arguments: ["stream", "prefetch", "pull"])
    func oddities(strategy: String) async throws {
        let layers = [
            try TestImage.Layer.gzip(.oddities()),
            try TestImage.Layer.gzip(TestImage.bulk(3 << 20), ["pigz", "-b", "128"]),
            TestImage.Layer.plain(TestImage.bulk(1 << 20, seed: 9, name: "plain")),
            try TestImage.Layer.gzip(LayerMaker()),
        ]
        try await withTestRegistry { registry in
            try await withNode { node in
                let image = "\(registry.host)/odd:v1"
                try TestImage(layers: layers).push(to: registry, "odd")
                if strategy == "stream" {
                    try node.index(image)
                }
                try node.pull(image, strategy)
                let seen = try node.inspect(image)
                #expect(seen.strategy == strategy)
                #expect(seen.layers.count == layers.count)
                if strategy == "stream" {
                    let fetched = seen.layers.map(\.blobBytesFetched)
                    #expect(fetched == [0, 0, 0, 0], "a pull that streams fetches tables only")
                }
                for (layer, facts) in zip(layers, seen.layers) {
                    try expectTruth(layer.tar, servedAt: "\(node.store)/\(facts.slot)")
                }
            }
        }
    }

    /// Compares a layer's directory in the store with a plain unpack of its tar.
    private func expectTruth(_ tar: [UInt8], servedAt path: String) throws {
        let scratch = try ScratchDirectory()
        let unpacked = try scratch.makeDirectory("truth")
        try Tool.check(
            [
                "tar", "-C", unpacked, "--xattrs", "--xattrs-include=*", "--numeric-owner", "--same-owner", "-p", "-xf",
                "-",
            ],
            input: tar)
        let truth = try TreeSnapshot(of: unpacked).convertingWhiteouts()
        let differences = truth.differences(from: try TreeSnapshot(of: path), except: [.directoryLinkCounts]).filter {
            line in
            guard line.contains(": time is"), let path = line.split(separator: ":").first else { return true }
            // The root has the time of the unpacking where the tar does not name it.
            return path != "." && !LayerMaker.hasUncertainTime(String(path))
        }
        #expect(differences == [])
    }
}
