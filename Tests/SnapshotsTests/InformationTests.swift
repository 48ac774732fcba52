import Foundation
import GRPC
import Linux
import Snapshots
import State
import TestSupport
import Testing

@Suite("What is told of snapshots", .enabled(if: isRoot, rootReason))
struct InformationTests {
    @Test("Stat tells all there is; Commit begins it anew")
    func stat() async throws {
        try await withNode { node in
            try await node.serve { client, _ in
                let begin = Date() - 0.001
                _ = try await client.prepare("key", labels: ["a": "1", "empty": ""])
                let active = try await client.stat("key")
                #expect(active.name == "key" && active.parent.isEmpty && active.kind == .active)
                #expect(active.labels == ["a": "1"])
                #expect((begin...Date()).contains(active.created) && active.updated == active.created)
                try await client.commit("key", as: "base", labels: ["b": "2"])
                let base = try await client.stat("base")
                #expect(base.kind == .committed && base.labels == ["b": "2"] && base.created >= active.created)
                #expect(await code { _ = try await client.stat("key") } == .notFound)
                _ = try await client.view("view", on: "base")
                let view = try await client.stat("view")
                #expect(view.kind == .view && view.parent == "base")
            }
        }
    }

    @Test("Update changes labels, as its mask says, and nothing else")
    func update() async throws {
        try await withNode { node in
            try await node.serve { client, _ in
                _ = try await client.prepare("key", labels: ["a": "1", "b.c/d": "2"])
                let before = try await client.stat("key")
                func labels(_ new: [String: String], _ paths: String...) async throws -> [String: String] {
                    let info = try await client.update("key", labels: new, paths: paths)
                    #expect(info.created == before.created && info.updated >= before.updated)
                    #expect(try await client.stat("key") == info)
                    return info.labels
                }
                #expect(try await labels(["b.c/d": "3", "x": "y"], "labels.b.c/d") == ["a": "1", "b.c/d": "3"])
                #expect(try await labels([:], "labels.b.c/d") == ["a": "1"])
                #expect(try await labels(["x": "y", "z": ""], "labels") == ["x": "y"])
                #expect(try await labels(["p": "q"]) == ["p": "q"])
                #expect(try await labels([:]) == [:])
                for path in ["name", "parent", "kind", "labels.", "labelsx", ""] {
                    #expect(await code { _ = try await labels(["x": "y"], "labels", path) } == .invalidArgument)
                }
                #expect(try await client.stat("key").labels.isEmpty)
            }
        }
    }

    @Test("List gives what the filters hold for, oldest first")
    func list() async throws {
        try await withNode { node in
            try await node.serve { client, _ in
                #expect(try await client.messages().isEmpty)
                for name in ["k8s.io/1/b", "k8s.io/2/a", "other/3/c"] {
                    _ = try await client.prepare("key", labels: ["from": name])
                    try await client.commit("key", as: name, labels: ["containerd.io/gc.root": "x", "n": name])
                }
                _ = try await client.prepare("active", on: "k8s.io/2/a")
                #expect(try await client.names() == ["k8s.io/1/b", "k8s.io/2/a", "other/3/c", "active"])
                #expect(try await client.names("kind==active") == ["active"])
                #expect(try await client.names("name~=^k8s", "kind==active").count == 3)
                #expect(try await client.names("parent==k8s.io/2/a") == ["active"])
                #expect(try await client.names(#"labels."containerd.io/gc.root",n!=x"#).count == 3)
                #expect(try await client.names("labels.n==k8s.io/1/b") == ["k8s.io/1/b"])
                #expect(try await client.names("labels.from") == [])
            }
        }
    }

    @Test("a long list comes in messages far from their limit")
    func longList() async throws {
        try await withNode { node in
            try await node.serve { client, parts in
                let value = String(repeating: "v", count: 4000)
                let labels = Dictionary(uniqueKeysWithValues: (0..<20).map { ("\($0)", value) })
                for number in 0..<60 {
                    _ = try parts.state.createSnapshot(
                        "\(number)", kind: .active, parent: nil, labels: labels, at: Date()
                    ) { _ in }
                }
                let messages = try await client.messages()
                #expect(messages.flatMap { $0 }.map(\.name) == (0..<60).map(String.init))
                #expect(messages.count > 3 && messages.allSatisfy { (1...20).contains($0.count) })
            }
        }
    }

    @Test("usage is what du says, and remembered once committed")
    func usage() async throws {
        try await withNode { node in
            try await node.serve { client, parts in
                let mounts = try await client.prepare("key")
                let content = node.root + "/snapshots/1/fs"
                try node.mounted(mounts) { root in
                    try Directory.create(root + "/d/e")
                    try node.write(String(repeating: "x", count: 100_000), root + "/d/big")
                    try Path.link(root + "/d/big", to: root + "/again")
                }
                let active = try await client.usage("key")
                let output = try Tool.check(["du", "-s", "-B1", content])
                #expect(String(decoding: output, as: UTF8.self).hasPrefix("\(active.size)\t"))
                #expect(active.size >= 100_000 && active.inodes == 4)
                #expect(try await parts.snapshots.usage() == (active.size, active.inodes))

                try await client.commit("key", as: "base")
                #expect(try await client.usage("base") == active)
                // What stands on it counts for itself alone.
                _ = try await client.prepare("top", on: "base")
                #expect(try await client.usage("top").inodes == 1)
                _ = try await client.view("view", on: "base")
                #expect(try await client.usage("view") == (0, 0))
                // Nobody writes to a committed one, so nobody looks again.
                try Path.remove(content + "/again")
                try Path.remove(content + "/d/big")
                #expect(try await client.usage("base") == active)
            }
        }
    }

    @Test("usage of a directory somebody works in")
    func movingUsage() async throws {
        try await withNode { node in
            try await node.serve { client, _ in
                _ = try await client.prepare("key")
                let content = node.root + "/snapshots/1/fs"
                let worker = Task {
                    var round = 0
                    while !Task.isCancelled {
                        try Directory.create("\(content)/\(round % 7)/a/b")
                        try node.write("x", "\(content)/\(round % 7)/a/f")
                        try Directory.removeTree("\(content)/\((round + 3) % 7)")
                        round += 1
                        await Task.yield()
                    }
                }
                for _ in 0..<100 { #expect(try await client.usage("key").inodes >= 1) }
                worker.cancel()
                try await worker.value
            }
        }
    }
}
