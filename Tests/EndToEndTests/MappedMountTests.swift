import Foundation
import Linux
internal import OCI
import TestSupport
import Testing

/// Pods with user namespaces: what containerd 2 mounts for them, done by hand, since Debian's has no such capability yet.
@Suite(
    "User namespaces on containerd", .enabled(if: ContainerNode.isPossible, ContainerNode.requirements),
    .enabled(if: Kernel.isAtLeast(6, 12), "needs Linux 6.12"),
    .containerNode("idMappedMounts: true\nfill: {enabled: false}"))
struct MappedMountTests {
    @Test("layers show the container's own users, and their bytes", arguments: ["stream", "prefetch"])
    func owners(strategy: String) async throws {
        let node = try ContainerNode.shared
        // No layer of one case is known from the other.
        let bulk = TestImage.bulk(1 << 20, seed: UInt64(strategy.utf8.count) + 512)
        let layers: [TestImage.Layer] = try [.root(), .gzip(bulk)]
        try TestImage(layers: layers).push(to: node.registry, "mapped-\(strategy)")
        if strategy == "stream" { try node.index("mapped-\(strategy)") }
        let image = node.reference("mapped-\(strategy)")
        try await node.pull(image, strategy)
        #expect(try node.report(image)?.at("strategy").text == strategy)

        let truth = try ScratchDirectory()
        try Tool.check(["tar", "-C", truth.path, "-xf", "-"], input: bulk.finished())
        let names = try FileManager.default.subpathsOfDirectory(atPath: truth.path).filter {
            try FileStatus("\(truth.path)/\($0)").kind == .regular
        }
        try #require(!names.isEmpty)

        let diffIDs = try layers.map { try Digest(TestRegistry.digest(of: $0.tar)) }
        let chain = try #require(Digest.chainIDs(of: diffIDs).last)
        let listed = try await node.client.call(
            "Snapshots/List",
            ["snapshotter": "imagelet", "filters": ["labels.\"containerd.io/snapshot.ref\"==\"\(chain)\""]],
            at: node.containerd.snapshotsSocket)
        let top = try #require(listed.list.flatMap { $0.at("info").list }.first)
        let key = "mapped-\(strategy)"
        let labels: JSONValue = [
            "containerd.io/snapshot/uidmapping": "0:100000:65536",
            "containerd.io/snapshot/gidmapping": "0:200000:65536",
        ]
        let answer = try await node.client.call(
            "Snapshots/Prepare",
            ["snapshotter": "imagelet", "key": "\(key)", "parent": top.at("name"), "labels": labels],
            at: node.containerd.snapshotsSocket)
        let mount = try #require(answer.at("mounts").list.first)
        let target = try ScratchDirectory()
        let options = mount.at("options").list.map { $0.text }.filter { $0.contains("=") }
        let script = URL(filePath: #filePath).deletingLastPathComponent().appending(path: "mapped_mount.py").path
        let output = try Tool.check(
            [
                "python3", script, "overlay", String(decoding: try JSONEncoder().encode(options), as: UTF8.self),
                target.path,
            ]
                + names)
        let seen = try JSONDecoder().decode(JSONValue.self, from: Data(output))
        #expect(seen.at("copied").number == 100_000)
        for name in names {
            let file = seen.at("files").at(name)
            #expect(file.at("uid").number == 100_000 && file.at("gid").number == 200_000, "\(name)")
            let sum = try Tool.check(["sha256sum", "\(truth.path)/\(name)"])
            #expect(String(decoding: sum, as: UTF8.self).hasPrefix(file.at("sha256").text), "\(name)")
        }
        _ = try await node.client.call(
            "Snapshots/Remove", ["snapshotter": "imagelet", "key": "\(key)"], at: node.containerd.snapshotsSocket)
    }
}
