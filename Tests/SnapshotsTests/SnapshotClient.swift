import GRPC
import Linux
import Synchronization
import Testing

/// containerd's side of the service.
struct SnapshotClient: Sendable {
    let client: RPCClient
    /// Looked at by containerd and by nobody else.
    var namespace = "ignored"

    func prepare(
        _ key: String, on parent: String = "", labels: [String: String] = [:]
    ) async throws -> [SnapshotsMount] {
        var request = SnapshotsPrepareSnapshotRequest()
        request.snapshotter = "imagelet"
        (request.key, request.parent, request.labels) = (key, parent, labels)
        return try await client.prepareSnapshot(request, namespace: namespace).mounts
    }

    func view(_ key: String, on parent: String = "") async throws -> [SnapshotsMount] {
        var request = SnapshotsViewSnapshotRequest()
        request.snapshotter = "imagelet"
        (request.key, request.parent) = (key, parent)
        return try await client.viewSnapshot(request, namespace: namespace).mounts
    }

    func mounts(_ key: String) async throws -> [SnapshotsMount] {
        var request = SnapshotsMountsRequest()
        request.snapshotter = "imagelet"
        request.key = key
        return try await client.snapshotMounts(request, namespace: namespace).mounts
    }

    func commit(_ key: String, as name: String, labels: [String: String] = [:]) async throws {
        var request = SnapshotsCommitSnapshotRequest()
        request.snapshotter = "imagelet"
        (request.key, request.name, request.labels) = (key, name, labels)
        try await client.commitSnapshot(request, namespace: namespace)
    }

    func remove(_ key: String) async throws {
        var request = SnapshotsRemoveSnapshotRequest()
        request.snapshotter = "imagelet"
        request.key = key
        try await client.removeSnapshot(request, namespace: namespace)
    }

    func stat(_ key: String) async throws -> SnapshotsInfo {
        var request = SnapshotsStatSnapshotRequest()
        request.snapshotter = "imagelet"
        request.key = key
        return try await client.statSnapshot(request, namespace: namespace).info
    }

    func update(
        _ name: String, labels: [String: String], paths: [String] = []
    ) async throws -> SnapshotsInfo {
        var request = SnapshotsUpdateSnapshotRequest()
        request.snapshotter = "imagelet"
        (request.info.name, request.info.labels, request.updatePaths) = (name, labels, paths)
        return try await client.updateSnapshot(request, namespace: namespace).info
    }

    /// The infos of each message.
    func messages(_ filters: [String] = []) async throws -> [[SnapshotsInfo]] {
        let received = Mutex<[[SnapshotsInfo]]>([])
        var request = SnapshotsListSnapshotsRequest()
        request.snapshotter = "imagelet"
        request.filters = filters
        try await client.listSnapshots(request, namespace: namespace) { message in
            received.withLock { $0.append(message.info) }
        }
        return received.withLock { $0 }
    }

    func names(_ filters: String...) async throws -> [String] {
        try await messages(filters).flatMap { $0 }.map(\.name)
    }

    func usage(_ key: String) async throws -> (size: Int64, inodes: Int64) {
        var request = SnapshotsUsageRequest()
        request.snapshotter = "imagelet"
        request.key = key
        let answer = try await client.snapshotUsage(request, namespace: namespace)
        return (answer.size, answer.inodes)
    }

    func cleanup() async throws { try await client.cleanupSnapshots(SnapshotsCleanupRequest(), namespace: namespace) }

    /// What containerd asks after ALREADY_EXISTS (specs/containerd.md 3): the one snapshot it may adopt.
    func adoptable(chain: String, parent: String) async throws -> SnapshotsInfo? {
        let filter = #"labels."containerd.io/snapshot.ref"==\#(chain),parent=="\#(parent)""#
        return try await messages([filter]).flatMap { $0 }.first {
            $0.kind == .committed && $0.parent == parent && $0.labels["containerd.io/snapshot.ref"] == chain
        }
    }
}

/// The status a call ends with.
func code(_ call: () async throws -> Void) async -> RPCFailure.Code? {
    do {
        try await call()
        return nil
    } catch {
        return (error as? RPCFailure)?.code
    }
}

extension SnapshotNode {
    /// Mounts what a snapshot's answer says, as containerd does, while `body` works in it.
    func mounted<Result>(_ mounts: [SnapshotsMount], _ body: (String) throws -> Result) throws -> Result {
        let mount = try #require(mounts.count == 1 ? mounts.first : nil)
        let target = "\(root)/mount-\(UInt64.random(in: 0 ... .max))"
        try Directory.create(target)
        if mount.type == "bind" {
            #expect(mount.options.last == "rbind" && ["rw", "ro"].contains(mount.options.first))
            try Mount.mount(source: mount.source, target: target, type: "", flags: .bind)
        } else {
            #expect(mount.type == "overlay" && mount.source == "overlay")
            try Mount.mount(
                source: mount.source, target: target, type: mount.type, options: mount.options.joined(separator: ","))
        }
        defer {
            _ = try? Mount.unmount(target, lazily: true)
            _ = try? Directory.remove(target)
        }
        return try body(target)
    }

    /// What is seen at the top of a snapshot.
    func entries(_ mounts: [SnapshotsMount]) throws -> [String] {
        try mounted(mounts) { try Directory.entries(of: $0) }
    }

    func write(_ text: String, _ path: String) throws { try Path.replace(path, with: [Array(text.utf8)]) }

    func read(_ path: String) throws -> String {
        String(decoding: try Path.read(path, cap: 1 << 20), as: UTF8.self)
    }
}
