import Foundation
import GRPC
import Linux
import OCI
import State
import TestSupport
import Testing

/// The one whose law the service obeys: Debian's containerd with our socket as its proxy plugin.
@Suite(
    "containerd itself", .enabled(if: isRoot, rootReason),
    .enabled(if: Tool.isInstalled("containerd"), "needs Debian's containerd"))
struct ContainerdTests {
    private static let root = ["containerd.io/gc.root": "x"]

    /// A containerd of its own while `body` talks to it.
    private func withContainerd(
        _ node: SnapshotNode, _ parts: SnapshotNode.Parts,
        _ body: (SnapshotClient, _ socket: String) async throws -> Void
    ) async throws {
        let socket = node.root + "/c.sock"
        let configuration = """
            version = 2
            root = "\(node.root)/containerd"
            state = "\(node.root)/run"
            disabled_plugins = ["io.containerd.grpc.v1.cri", "io.containerd.internal.v1.opt"]
            [grpc]
              address = "\(socket)"
            [plugins."io.containerd.gc.v1.scheduler"]
              startup_delay = "1h"
            [proxy_plugins.imagelet]
              type = "snapshot"
              address = "\(parts.endpoint.path)"
            """
        try node.write(configuration, node.root + "/containerd.toml")
        let process = try ChildProcess(
            ["containerd", "--config", node.root + "/containerd.toml"], logPath: node.root + "/containerd.log")
        defer { process.stop() }
        try await eventually { (try? Path.exists(socket)) == true }
        try await RPCClient.withConnection(to: RPCEndpoint(socket)) { client in
            let client = SnapshotClient(client: client)
            try await eventually("\(process.log)") { (try? await client.names()) != nil }
            try await body(client, socket)
        }
    }

    /// Has containerd collect its garbage, and waits for it: nothing else does so here.
    private func collect(_ socket: String) async throws {
        for arguments in [["create", "--id", "lease"], ["delete", "--sync", "lease"]] {
            try await ctr(socket, ["leases"] + arguments)
        }
    }

    /// What `ctr` says. It waits for us: not on a thread that serves.
    @discardableResult
    private func ctr(_ socket: String, _ arguments: [String]) async throws -> String {
        try await BlockingThread.run("ctr") {
            String(decoding: try Tool.check(["ctr", "-a", socket, "-n", "ignored"] + arguments), as: UTF8.self)
        }
    }

    @Test("adopts what was offered, and gives it back to be removed")
    func adoption() async throws {
        try await withNode { node in
            try await node.serve { backend, parts in
                try node.offer(parts.state, layer: "a", chain: "A")
                try node.offer(parts.state, layer: "b", chain: "AB")
                try await withContainerd(node, parts) { client, socket in
                    let (chainA, chainAB) = (digest("A").description, digest("AB").description)
                    for (chain, parent) in [(chainA, ""), (chainAB, chainA)] {
                        let labels = Self.root.merging(["containerd.io/snapshot.ref": chain]) { $1 }
                        let key = "extract-1 \(chain)"
                        #expect(
                            await code { _ = try await client.prepare(key, on: parent, labels: labels) }
                                == .alreadyExists)
                        let info = try await client.stat(chain)
                        #expect(info.kind == .committed && info.parent == parent)
                    }
                    let mounts = try await client.prepare("container", on: chainAB, labels: Self.root)
                    #expect(try node.entries(mounts) == ["from-a", "from-b"])
                    #expect(try await backend.names().count == 3)
                    // containerd forgets at once, its garbage collector tells us.
                    for name in ["container", chainAB, chainA] { try await client.remove(name) }
                    #expect(try await backend.names().count == 3)
                    try await collect(socket)
                    #expect(try await backend.names().isEmpty)
                    #expect(try parts.state.layers().isEmpty)
                }
            }
        }
    }

    @Test("two namespaces have the same layers, and each may go first")
    func namespaces() async throws {
        try await withNode { node in
            try await node.serve { backend, parts in
                try node.offer(parts.state, layer: "a", chain: "A")
                try await withContainerd(node, parts) { client, socket in
                    let chain = digest("A").description
                    let labels = Self.root.merging(["containerd.io/snapshot.ref": chain]) { $1 }
                    let other = SnapshotClient(client: client.client, namespace: "other")
                    for client in [client, other] {
                        #expect(await code { _ = try await client.prepare("x", labels: labels) } == .alreadyExists)
                        _ = try await client.prepare("container", on: chain, labels: Self.root)
                    }
                    #expect(try await backend.names("kind==committed").count == 1)
                    for name in ["container", chain] { try await client.remove(name) }
                    try await collect(socket)
                    #expect(try await backend.names().count == 2)
                    #expect(try node.entries(try await other.mounts("container")) == ["from-a"])
                    for name in ["container", chain] { try await other.remove(name) }
                    try await collect(socket)
                    #expect(try await backend.names().isEmpty)
                }
            }
        }
    }

    @Test("ctr works with it as with any snapshotter")
    func commandLine() async throws {
        try await withNode { node in
            try await node.serve { _, parts in
                try await withContainerd(node, parts) { client, socket in
                    func ctr(_ arguments: String...) async throws -> String {
                        try await self.ctr(socket, ["snapshots", "--snapshotter", "imagelet"] + arguments)
                    }
                    _ = try await ctr("prepare", "key")
                    try node.mounted(try await client.mounts("key")) { try node.write("one", $0 + "/file") }
                    _ = try await ctr("commit", "base", "key")
                    _ = try await ctr("prepare", "container", "base")
                    _ = try await ctr("view", "view", "base")
                    let list = try await ctr("ls")
                    for name in ["base", "container", "view"] { #expect(list.contains(name)) }
                    #expect(try await ctr("usage", "base").contains("base"))
                    #expect(try await ctr("info", "container").contains(#""Parent": "base""#))
                    #expect(try await ctr("label", "base", "key=value").contains("key=value"))
                    _ = try await ctr("rm", "container", "view", "base")
                    try await collect(socket)
                    try await eventually { try node.directories().isEmpty }
                }
            }
        }
    }
}
