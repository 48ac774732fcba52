import Foundation
import GRPC
import Linux
import State
import TestSupport
import Testing

@Suite("Life of snapshots", .enabled(if: isRoot, rootReason))
struct LifeTests {
    @Test("layers are unpacked one on the other, a container writes on top, everything goes again")
    func wholeLife() async throws {
        try await withNode { node in
            try await node.serve { client, _ in
                let base = try await client.prepare("k8s.io/1/extract-1 sha256:aa")
                #expect(base.map(\.type) == ["bind"])
                try node.mounted(base) { root in
                    try node.write("one", root + "/kept")
                    try node.write("one", root + "/changed")
                    try Path.setOwner(root, uid: 12, gid: 34)
                    try Path.setMode(root, 0o2751)
                }
                try await client.commit("k8s.io/1/extract-1 sha256:aa", as: "k8s.io/2/sha256:aa")
                try node.mounted(try await client.prepare("top key", on: "k8s.io/2/sha256:aa")) { root in
                    #expect(try node.read(root + "/changed") == "one")
                    try node.write("two", root + "/changed")
                }
                try await client.commit("top key", as: "top")

                let container = try await client.prepare("container", on: "top")
                #expect(container.map(\.type) == ["overlay"])
                try node.mounted(container) { root in
                    #expect(try Directory.entries(of: root) == ["changed", "kept"])
                    #expect(try node.read(root + "/changed") == "two")
                    // The root directory of the topmost one shows: it takes after those below.
                    let status = try FileStatus(root)
                    #expect(status.uid == 12 && status.gid == 34 && status.mode == 0o2751)
                    try Path.remove(root + "/kept")
                    try node.write("three", root + "/new")
                }
                #expect(try await client.mounts("container") == container)
                #expect(try node.entries(try await client.mounts("container")) == ["changed", "new"])
                let view = try await client.view("view", on: "top")
                #expect(try node.entries(view) == ["changed", "kept"])
                try node.mounted(view) { root in
                    let error = #expect(throws: LinuxError.self) { try node.write("x", root + "/x") }
                    #expect(error?.errno == .readOnly)
                }

                #expect(await code { try await client.remove("top") } == .failedPrecondition)
                for key in ["container", "view", "top", "k8s.io/2/sha256:aa"] { try await client.remove(key) }
                try await client.cleanup()
                #expect(try await client.names().isEmpty)
            }
            try await node.serve { _, _ in try await eventually { try node.directories().isEmpty } }
        }
    }

    @Test("mounts are those of containerd's overlay snapshotter")
    func mounts() async throws {
        try await withNode { node in
            try await node.serve { client, _ in
                let directory = node.root + "/snapshots"
                let index = try Path.exists("/sys/module/overlay/parameters/index") ? ["index=off"] : []
                func mount(_ type: String, _ source: String, _ options: [String]) -> SnapshotsMount {
                    var mount = SnapshotsMount()
                    (mount.type, mount.source, mount.options) = (type, source, options)
                    return mount
                }
                #expect(try await client.prepare("1") == [mount("bind", directory + "/1/fs", ["rw", "rbind"])])
                #expect(try await client.view("2") == [mount("bind", directory + "/2/fs", ["ro", "rbind"])])
                try await client.commit("1", as: "one")
                let writing = ["workdir=\(directory)/3/work", "upperdir=\(directory)/3/fs"]
                #expect(
                    try await client.prepare("3", on: "one")
                        == [mount("overlay", "overlay", index + writing + ["lowerdir=\(directory)/1/fs"])])
                try await client.commit("3", as: "two")
                #expect(
                    try await client.view("4", on: "one") == [mount("bind", directory + "/1/fs", ["ro", "rbind"])])
                #expect(
                    try await client.view("5", on: "two")
                        == [mount("overlay", "overlay", index + ["lowerdir=\(directory)/3/fs:\(directory)/1/fs"])])
                // A view of something writes nothing: it has no directory.
                #expect(try node.directories() == ["1", "2", "3"])
                #expect(try FileStatus(directory + "/1/fs").mode == 0o755)
            }
        }
    }

    @Test("a restart changes nothing that was answered, and no id comes again")
    func restart() async throws {
        try await withNode { node in
            let before = try await node.serve { client, _ in
                _ = try await client.prepare("a")
                try await client.commit("a", as: "base", labels: ["l": "1"])
                _ = try await client.prepare("gone", on: "base")
                try await client.remove("gone")
                let active = try await client.prepare("active", on: "base", labels: ["m": "2"])
                return (active, try await client.view("view", on: "base"), try await client.messages())
            }
            try await node.serve { client, _ in
                #expect(try await client.mounts("active") == before.0)
                #expect(try await client.mounts("view") == before.1)
                #expect(try await client.messages() == before.2)
                let next = try await client.prepare("next")
                #expect(next.first?.source == node.root + "/snapshots/5/fs")
            }
        }
    }

    @Test("what a crash left without a row is deleted; what has one stays")
    func recovery() async throws {
        try await withNode { node in
            try await node.serve { client, _ in _ = try await client.prepare("kept") }
            for name in ["2", "new-x/fs", "7/fs/a/b", "old-y"] {
                try Directory.create(node.root + "/snapshots/" + name)
            }
            try node.write("litter", node.root + "/snapshots/file")
            try await node.serve { client, _ in
                // The id of a crashed attempt is free, though the cleaner may not have come by yet.
                #expect(try await client.prepare("next").first?.source == node.root + "/snapshots/2/fs")
                try await eventually { try node.directories() == ["1", "2"] }
                #expect(try Directory.entries(of: node.root + "/snapshots/2") == ["fs", "work"])
            }
        }
    }

    @Test("removing waits for nothing: the directory goes behind it")
    func removal() async throws {
        try await withNode { node in
            try await node.serve(isCleaning: false) { client, _ in
                let mounts = try await client.prepare("a")
                try node.mounted(mounts) { try node.write("x", $0 + "/x") }
                try await client.remove("a")
                try await client.cleanup()
                #expect(try await client.names().isEmpty)
                #expect(try node.directories() == ["1"])
                #expect(await code { try await client.remove("a") } == .notFound)
                // The name is free again.
                _ = try await client.prepare("a")
            }
            try await node.serve { _, _ in try await eventually { try node.directories() == ["2"] } }
        }
    }
}
