import GRPC
import Linux
import TestSupport
import Testing

@testable import Snapshots

@Suite("User namespaces", .enabled(if: isRoot, rootReason))
struct OwnershipTests {
    private static func labels(_ users: String?, _ groups: String?) -> [String: String] {
        var labels: [String: String] = [:]
        labels[IDMap.users] = users
        labels[IDMap.groups] = groups
        return labels
    }
    private static let mapping = labels("0:100000:65536", "0:200000:65536")

    @Test("the mount maps what it stands on, and what is written belongs to the container's root")
    func mapped() async throws {
        let scratch = try ScratchDirectory()
        try await SnapshotNode(root: scratch.path).serve(ownership: .mapped) { client, _ in
            _ = try await client.prepare("base-active")
            try await client.commit("base-active", as: "base")
            let mount = try #require(try await client.prepare("key", on: "base", labels: Self.mapping).first)
            #expect(mount.options.contains("uidmap=0:100000:65536"))
            #expect(mount.options.contains("gidmap=0:200000:65536"))
            #expect(try await client.mounts("key").first?.options == mount.options)
            let upper = try #require(mount.options.first { $0.hasPrefix("upperdir=") }?.dropFirst("upperdir=".count))
            let status = try FileStatus(String(upper))
            #expect((status.uid, status.gid) == (100_000, 200_000))
            // With nothing below there is nothing to map.
            let alone = try #require(try await client.prepare("alone", labels: Self.mapping).first)
            #expect(alone.options == ["rw", "rbind"])
            #expect(try FileStatus(alone.source).uid == 100_000)
            let plain = try #require(try await client.prepare("plain", on: "base").first)
            #expect(!plain.options.contains { $0.contains("idmap=") })
        }
    }

    @Test("without the capability the labels tell of a copy that containerd made")
    func copied() async throws {
        let scratch = try ScratchDirectory()
        try await SnapshotNode(root: scratch.path).serve { client, _ in
            _ = try await client.prepare("base-active")
            try await client.commit("base-active", as: "base")
            let mount = try #require(try await client.prepare("key", on: "base", labels: Self.mapping).first)
            #expect(!mount.options.contains { $0.contains("idmap=") })
        }
    }

    @Test("a kernel that cannot says so, and makes no snapshot")
    func impossible() async throws {
        let scratch = try ScratchDirectory()
        try await SnapshotNode(root: scratch.path).serve(ownership: .impossible) { client, _ in
            let failure = await #expect(throws: RPCFailure.self) {
                _ = try await client.prepare("key", labels: Self.mapping)
            }
            #expect(failure?.code == .failedPrecondition)
            #expect(failure?.message.contains("remap-ids") == true)
            #expect(try await client.names().isEmpty)
            _ = try await client.prepare("key")
        }
    }

    @Test(
        "what is no mapping is refused",
        arguments: [
            labels("0:1:2", nil), labels(nil, "0:1:2"), labels("0:1:2", "1:1:2"), labels("0:1", "0:1:2"),
            labels("0:1:2:3", "0:1:2"), labels("0:1:0", "0:1:2"), labels("0:-1:2", "0:1:2"), labels("0:1:2,", "0:1:2"),
            labels("0:1:4294967295", "0:1:2"), labels("0:4294967295:1", "0:1:2"), labels("x", "y"),
        ])
    func noMapping(labels: [String: String]) throws {
        let failure = #expect(throws: RPCFailure.self) { try Ownership.mapped.ids(SnapshotLabels(labels)) }
        #expect(failure?.code == .invalidArgument)
        #expect(try Ownership.ofTheRuntime.ids(SnapshotLabels(labels)) == nil)
    }

    @Test("several ranges, in any order")
    func ranges() throws {
        let labels = try SnapshotLabels(Self.labels("1000:1000:1,0:70000:1000", "0:5:1"))
        let ids = try #require(try Ownership.mapped.ids(labels))
        #expect((ids.rootUser, ids.rootGroup) == (70_000, 5))
        #expect(try Ownership.mapped.ids(SnapshotLabels([:])) == nil)
    }
}
