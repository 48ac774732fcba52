import Foundation
import TestSupport
import Testing

/// What containerd gets of our snapshotter, held against its own.
@Suite(
    "Our snapshotter and containerd's", .enabled(if: ContainerNode.isPossible, ContainerNode.requirements),
    .containerNode("fill: {enabled: false}"), .serialized)
struct SnapshotterTests {
    private func run(_ arguments: [String], of snapshotter: String, _ node: ContainerNode) throws -> String {
        let outcome = try Tool.run(
            [
                "ctr", "--address", node.containerd.socket, "--namespace", "compared", "snapshots", "--snapshotter",
                snapshotter,
            ] + arguments)
        // Of a refusal containerd's clients know the code, which is its last words.
        if outcome.status != 0 { return String(outcome.errors.split(separator: ": ").last ?? "") }
        // Labels are printed in any order.
        return arguments[0] == "label" ? "" : String(decoding: outcome.output, as: UTF8.self)
    }

    /// The same texts but for the places and numbers of directories, which are counted as they come.
    private func normal(_ texts: [String]) throws -> [String] {
        var names: [String: String] = [:]
        return try texts.map { text in
            text.replacing(try Regex("/[^ :,\\[\\]\"]*/snapshots/([0-9]+)/", as: (Substring, Substring).self)) {
                let number = String($0.output.1)
                let name = names[number] ?? "\(names.count + 1)"
                names[number] = name
                return "DIRECTORY/\(name)/"
            }
        }
    }

    @Test("Every step of a life, and every mistake, is answered alike")
    func sameAnswers() async throws {
        let node = try ContainerNode.shared
        // The collection of garbage that containerd begins with would take views.
        try node.containerd.ctr("leases", "create", "--id", "first", namespace: "compared")
        try node.containerd.ctr("leases", "delete", "--sync", "first", namespace: "compared")
        // ctr says so of what it prepares, not of what it views: after the first removal those would go.
        let root = "containerd.io/gc.root=now"
        let steps = [
            ["prepare", "--target", "/t", "a"], ["mounts", "/t", "a"], ["prepare", "a"], ["view", "v0"],
            ["label", "v0", root], ["view", "v1", "nothing"], ["prepare", "x", "a"], ["commit", "one", "a"],
            ["commit", "one", "a"],
            ["mounts", "/t", "one"], ["prepare", "--target", "/t", "b", "one"], ["commit", "two", "b"],
            ["prepare", "--target", "/t", "c", "two"], ["mounts", "/t", "c"], ["view", "v2", "two"],
            ["label", "v2", root], ["mounts", "/t", "v2"], ["view", "v3", "one"], ["label", "v3", root],
            ["mounts", "/t", "v3"], ["commit", "three", "v2"],
            ["commit", "two", "c"], ["rm", "two"], ["rm", "one"], ["rm", "nothing"], ["info", "nothing"],
            ["mounts", "/t", "nothing"], ["usage", "-b", "nothing"], ["label", "one", "key=value"],
            ["label", "nothing", "key=value"], ["tree"], ["rm", "c"], ["rm", "v2"], ["rm", "v3"], ["rm", "two"],
            ["rm", "v0"], ["rm", "one"], ["tree"],
        ]
        var answers: [[String]] = []
        for snapshotter in ["overlayfs", "imagelet"] {
            answers.append(try normal(try steps.map { try run($0, of: snapshotter, node) }))
        }
        for (step, (theirs, ours)) in zip(steps, zip(answers[0], answers[1])) {
            #expect(ours == theirs, "ctr snapshots \(step.joined(separator: " "))")
        }
        #expect(answers[1].contains { $0.contains("lowerdir=DIRECTORY/2/fs:DIRECTORY/1/fs") }, "\(answers[1])")
    }

    @Test("Usage of what was written is that of containerd's own")
    func sameUsage() async throws {
        let node = try ContainerNode.shared
        var usages: [String] = []
        for snapshotter in ["overlayfs", "imagelet"] {
            let mounts = try run(["prepare", "--target", "/t", "written"], of: snapshotter, node)
            let directory = try #require(
                mounts.firstMatch(of: try Regex("(/[^ ]*/snapshots/[0-9]+/fs)", as: (Substring, Substring).self))
            ).output.1
            for (name, size) in [("small", 10), ("large", 1 << 20), ("linked", 5000)] {
                try Data(repeating: 1, count: size).write(to: URL(fileURLWithPath: "\(directory)/\(name)"))
            }
            try FileManager.default.linkItem(atPath: "\(directory)/linked", toPath: "\(directory)/again")
            try FileManager.default.createDirectory(atPath: "\(directory)/below", withIntermediateDirectories: false)
            #expect(try run(["commit", "done", "written"], of: snapshotter, node) == "")
            usages.append(try run(["usage", "-b", "done"], of: snapshotter, node))
            #expect(try run(["rm", "done"], of: snapshotter, node) == "")
        }
        #expect(usages[0] == usages[1])
        #expect(usages[0].contains("done"))
    }
}
