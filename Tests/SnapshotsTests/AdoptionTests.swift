import Foundation
import GRPC
import Linux
import OCI
import State
import TestSupport
import Testing

@Suite("Layers given to containerd", .enabled(if: isRoot, rootReason))
struct AdoptionTests {
    private static func labels(_ chain: String) -> [String: String] {
        [
            "containerd.io/snapshot.ref": digest(chain).description,
            "containerd.io/snapshot/cri.layer-digest": digest("whatever").description,
        ]
    }

    /// Prepare as an unpack does it, and what containerd then adopts.
    private func adopt(
        _ client: SnapshotClient, _ chain: String, on parent: String = "", namespace: String = "k8s.io"
    ) async throws -> String {
        let key = "\(namespace)/7/extract-1 \(digest(chain))"
        let code = await code { _ = try await client.prepare(key, on: parent, labels: Self.labels(chain)) }
        #expect(code == .alreadyExists)
        #expect(await SnapshotsTests.code { _ = try await client.stat(key) } == .notFound)
        let info = try await client.adoptable(chain: digest(chain).description, parent: parent)
        return try #require(info).name
    }

    @Test("an image of ours is adopted layer by layer, and a container runs on it")
    func adopting() async throws {
        try await withNode { node in
            let name = try await node.serve { client, parts in
                try node.offer(parts.state, layer: "a", chain: "A")
                try node.offer(parts.state, layer: "b", chain: "AB")
                try Path.setMode(node.root + "/store/b", 0o711)
                let bottom = try await adopt(client, "A")
                let top = try await adopt(client, "AB", on: bottom)
                #expect(try await client.stat(top).labels == Self.labels("AB"))
                #expect(try await client.usage(top) == (0, 0))
                // Nothing of ours is on the disk for them.
                #expect(try node.directories().isEmpty)
                let mounts = try await client.prepare("k8s.io/9/container", on: top)
                let (a, b) = (node.root + "/store/a", node.root + "/store/b")
                #expect(mounts.first?.options.last == "lowerdir=\(b):\(a)")
                try node.mounted(mounts) { root in
                    #expect(try Directory.entries(of: root) == ["from-a", "from-b"])
                    #expect(try FileStatus(root).mode == 0o711)
                    try node.write("x", root + "/x")
                }
                return top
            }
            try await node.serve { client, _ in
                let entries = try node.entries(try await client.mounts("k8s.io/9/container"))
                #expect(entries == ["from-a", "from-b", "x"])
                #expect(try await client.stat(name).kind == .committed)
            }
        }
    }

    @Test("names differ by parent and chain; containerd's namespaces share what they cannot tell apart")
    func names() async throws {
        try await withNode { node in
            try await node.serve { client, parts in
                try node.offer(parts.state, layer: "a", chain: "A")
                try node.offer(parts.state, layer: "b", chain: "AB")
                let bottom = try await adopt(client, "A")
                #expect(try await adopt(client, "A", namespace: "default") == bottom)
                let top = try await adopt(client, "AB", on: bottom)
                #expect(try await adopt(client, "AB", on: bottom, namespace: "default") == top)
                // One namespace unpacked the lowest layer by itself.
                _ = try await client.prepare("key")
                try await client.commit("key", as: "k8s.io/2/sha256:aa")
                let other = try await adopt(client, "AB", on: "k8s.io/2/sha256:aa")
                #expect(try await client.names() == [bottom, top, "k8s.io/2/sha256:aa", other])
                // A parent that was made again is another one.
                for name in [other, "k8s.io/2/sha256:aa"] { try await client.remove(name) }
                _ = try await client.prepare("key")
                try await client.commit("key", as: "k8s.io/2/sha256:aa")
                #expect(try await adopt(client, "AB", on: "k8s.io/2/sha256:aa") != other)
            }
        }
    }

    @Test("a client without containerd's keys is served, too")
    func plainKeys() async throws {
        try await withNode { node in
            try await node.serve { client, parts in
                try node.offer(parts.state, layer: "a", chain: "A")
                for key in ["key", "a/b", "/1/x", "//"] {
                    let code = await code { _ = try await client.prepare(key, labels: Self.labels("A")) }
                    #expect(code == .alreadyExists)
                }
                #expect(try await client.names().count == 1)
            }
        }
    }

    @Test("on any doubt containerd unpacks by itself")
    func doubts() async throws {
        try await withNode { node in
            try await node.serve { client, parts in
                try node.offer(parts.state, layer: "a", chain: "A")
                // Never offered; no digest; another label that names the chain; a layer that cannot be read now.
                #expect(try await client.prepare("1", labels: Self.labels("other")).count == 1)
                #expect(try await client.prepare("2", labels: ["containerd.io/snapshot.ref": "sha256:zz"]).count == 1)
                let lies = ["containerd.io/snapshot/parent-chain-id": digest("A").description, "snapshot.ref": "x"]
                #expect(try await client.prepare("3", labels: lies).count == 1)
                node.layers.set(nil, of: "a")
                #expect(try await client.prepare("4", labels: Self.labels("A")).count == 1)
                node.layers.set(node.root + "/store/a", of: "a")
                // Views unpack nothing.
                var request = SnapshotsViewSnapshotRequest()
                (request.key, request.labels) = ("5", Self.labels("A"))
                #expect(try await client.client.viewSnapshot(request).mounts.count == 1)
                // A name that somebody else took.
                let name = try await adopt(client, "A")
                try await client.remove(name)
                try await client.commit("1", as: name)
                #expect(try await client.prepare("k8s.io/1/x y", labels: Self.labels("A")).count == 1)
                // Parents are looked at all the same.
                for (parent, expected) in [("none", RPCFailure.Code.notFound), ("2", .invalidArgument)] {
                    let code = await code {
                        _ = try await client.prepare("k8s.io/2/x", on: parent, labels: Self.labels("A"))
                    }
                    #expect(code == expected)
                }
                #expect(try await client.names().count == 6)
            }
        }
    }

    @Test("a layer that occurs twice is mounted once, at its highest place")
    func duplicates() async throws {
        try await withNode { node in
            try await node.serve { client, parts in
                try node.offer(parts.state, layer: "a", chain: "A")
                try node.offer(parts.state, layer: "b", chain: "AB")
                try node.offer(parts.state, layer: "a", chain: "ABA")
                let bottom = try await adopt(client, "A")
                let top = try await adopt(client, "ABA", on: try await adopt(client, "AB", on: bottom))
                let mounts = try await client.prepare("container", on: top)
                let (a, b) = (node.root + "/store/a", node.root + "/store/b")
                #expect(mounts.first?.options.last == "lowerdir=\(a):\(b)")
                #expect(try node.entries(mounts) == ["from-a", "from-b"])
                // Twice the same and nothing else is one directory, which overlayfs does not take.
                try node.offer(parts.state, layer: "a", chain: "AA")
                let view = try await client.view("view", on: try await adopt(client, "AA", on: bottom))
                #expect(view.map(\.source) == [a] && view.map(\.type) == ["bind"])
            }
        }
    }

    @Test("ordinary layers stand on adopted ones")
    func mixed() async throws {
        try await withNode { node in
            try await node.serve { client, parts in
                try node.offer(parts.state, layer: "a", chain: "A")
                let bottom = try await adopt(client, "A")
                try node.mounted(try await client.prepare("key", on: bottom)) { try node.write("u", $0 + "/unpacked") }
                try await client.commit("key", as: "top")
                let mounts = try await client.prepare("container", on: "top")
                #expect(try node.entries(mounts) == ["from-a", "unpacked"])
            }
        }
    }

    @Test("a layer that cannot be read now makes its mounts unavailable, not wrong; Remove and List work")
    func unreadable() async throws {
        try await withNode { node in
            try await node.serve { client, parts in
                try node.offer(parts.state, layer: "a", chain: "A")
                let name = try await adopt(client, "A")
                _ = try await client.prepare("container", on: name)
                node.layers.set(nil, of: "a")
                #expect(await code { _ = try await client.mounts("container") } == .unavailable)
                #expect(await code { _ = try await client.prepare("next", on: name) } == .unavailable)
                #expect(try await client.names() == [name, "container"])
                for name in ["container", name] { try await client.remove(name) }
            }
        }
    }

    @Test("with the last snapshot of a layer go its image, its record and its files")
    func lastSnapshot() async throws {
        try await withNode { node in
            try await node.serve { client, parts in
                try node.offer(parts.state, layer: "a", chain: "A")
                let now = Date()
                try parts.state.save(
                    ImageRecord(
                        id: digest("image"), references: ["docker.io/library/app:1"], digests: [],
                        manifestDigest: digest("manifest"), mediaType: "m", manifest: [], config: [], size: 1,
                        strategy: "stream", layers: [digest("a")], createdAt: now, lastPulledAt: now))
                let files = node.root + "/layers/" + digest("a").hex
                try Directory.create(files)
                let name = try await adopt(client, "A")
                _ = try await client.prepare("container", on: name)
                #expect(await code { try await client.remove(name) } == .failedPrecondition)
                try await client.remove("container")
                #expect(try parts.state.images().count == 1)
                try await client.remove(name)
                #expect(try parts.state.images().isEmpty && parts.state.layers().isEmpty)
                try await eventually { try !Path.exists(files) }
                // From now on it is unpacked like any other.
                #expect(try await client.prepare("k8s.io/1/x", labels: Self.labels("A")).count == 1)
            }
        }
    }
}
