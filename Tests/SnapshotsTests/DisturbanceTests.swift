import Foundation
import GRPC
import InMemoryLogging
import Linux
import Logging
import OCI
import State
import Testing

@Suite("Many clients, and clients that go away", .enabled(if: isRoot, rootReason))
struct DisturbanceTests {
    @Test("a client that hangs up leaves a whole snapshot or none")
    func hangingUp() async throws {
        try await withNode { node in
            try await node.serve { client, parts in
                _ = try await client.prepare("key")
                try await client.commit("key", as: "base")
                for number in 0..<60 {
                    let call = Task { try await client.prepare("\(number)", on: "base") }
                    for _ in 0..<(number % 12) { await Task.yield() }
                    call.cancel()
                    _ = await call.result
                }
                // Whatever was made: each has its directory, each directory has its row.
                try await eventually {
                    let rows = try parts.state.snapshots().map { String($0.id) }
                    return try Set(node.directories()) == Set(rows)
                }
                for name in try await client.names() where name != "base" {
                    #expect(try node.entries(try await client.mounts(name)).isEmpty)
                    try await client.remove(name)
                }
            }
        }
    }

    @Test("of many that make the same one does")
    func sameKey() async throws {
        try await withNode { node in
            try await node.serve { client, _ in
                let codes = await withTaskGroup(of: RPCFailure.Code?.self) { group in
                    for _ in 0..<20 { group.addTask { await code { _ = try await client.prepare("key") } } }
                    return await group.reduce(into: []) { $0.append($1) }
                }
                #expect(codes.count { $0 == nil } == 1 && codes.count { $0 == .alreadyExists } == 19)
                try await eventually { try node.directories().count == 1 }
            }
        }
    }

    @Test("many that do different things do not get into each other's way")
    func crowd() async throws {
        try await withNode { node in
            try await node.serve { client, _ in
                try await withThrowingTaskGroup(of: Void.self) { group in
                    for worker in 0..<8 {
                        group.addTask {
                            for round in 0..<5 {
                                let (key, name) = ("key \(worker)", "name \(worker) \(round)")
                                _ = try await client.prepare(key)
                                try await client.commit(key, as: name)
                                _ = try await client.prepare(key, on: name)
                                _ = try await client.usage(key)
                                _ = try await client.names()
                                try await client.remove(key)
                                try await client.remove(name)
                            }
                        }
                    }
                    try await group.waitForAll()
                }
                #expect(try await client.names().isEmpty)
                try await eventually { try node.directories().isEmpty }
            }
        }
    }

    @Test("one line a call, with its outcome")
    func log() async throws {
        let log = InMemoryLogHandler()
        var logger = Logger(label: "test") { _ in log }
        logger.logLevel = .debug
        try await withNode { node in
            try await node.serve(logger: logger) { client, parts in
                try node.offer(parts.state, layer: "a", chain: "A")
                _ = await code { _ = try await client.stat("none") }
                let labels = ["containerd.io/snapshot.ref": digest("A").description]
                _ = await code { _ = try await client.prepare("k8s.io/1/x", labels: labels) }
            }
        }
        let lines = log.entries.filter { $0.metadata["snapshot"] != nil }
        #expect(lines.map(\.message) == ["refused", "answered"])
        #expect(lines.map { $0.metadata["rpc.code"] } == ["notFound", "ok"])
        #expect(lines.map { $0.metadata["snapshot"] } == ["none", "k8s.io/1/x"])
        #expect(lines.last?.metadata["snapshot.adopted"] == "imagelet/0/\(digest("A"))")
    }
}
