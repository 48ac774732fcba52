import Foundation
internal import OCI
import TestSupport
import Testing

/// What clients of the snapshots service may get wrong, asked of it directly and through containerd.
@Suite(
    "Bad input on containerd", .enabled(if: ContainerNode.isPossible, ContainerNode.requirements),
    // Containerd removes what it finds in our list and does not know, at any moment: it is not started for most of these.
    .containerNode("", startsContainerd: false))
struct ContainerdBadInputTests {
    /// Who is asked: imagelet's own socket, or containerd's, which checks and renames before it asks imagelet.
    enum Door: String, CaseIterable, Sendable {
        case direct, containerd
    }

    /// Snapshots with names of their own for each test.
    private struct Snapshots {
        let node: ContainerNode
        let door: Door
        let prefix = UUID().uuidString

        func call(_ method: String, _ body: [String: JSONValue]) async throws -> JSONValue {
            let isDirect = door == .direct
            var body = body.merging(["snapshotter": "imagelet"]) { $1 }
            // No garbage, though nobody refers to it.
            if !isDirect, ["Prepare", "View", "Commit"].contains(method) {
                body["labels"] = ["containerd.io/gc.root": "test"]
            }
            return try await node.client.call(
                "Snapshots/" + method, .object(body),
                at: isDirect ? node.containerd.snapshotsSocket : node.containerd.socket,
                metadata: isDirect ? [:] : ["containerd-namespace": "bad-input"])
        }

        /// The code that a call ends with.
        func code(_ method: String, _ body: [String: JSONValue]) async -> String {
            await EndToEndTests.code { try await call(method, body) }
        }

        func name(_ text: String) -> JSONValue { "\(prefix)-\(text)" }

        /// A committed snapshot without parent.
        func commit(_ text: String, parent: JSONValue = "") async throws {
            _ = try await call("Prepare", ["key": name(text + "-active"), "parent": parent])
            _ = try await call("Commit", ["key": name(text + "-active"), "name": name(text)])
        }

        func names() async throws -> Set<String> {
            let parts = try await node.client.call(
                "Snapshots/List", ["snapshotter": "imagelet"], at: node.containerd.snapshotsSocket)
            return Set(parts.list.flatMap { $0.at("info").list }.map { $0.at("name").text })
        }
    }

    private func withSnapshots(behind door: Door, _ body: (Snapshots) async throws -> Void) async throws {
        switch door {
        case .direct: try await body(Snapshots(node: try .shared, door: door))
        case .containerd: try await withContainerNode("") { try await body(Snapshots(node: $0, door: door)) }
        }
    }

    @Test("Unknown names", arguments: Door.allCases)
    func unknownNames(door: Door) async throws {
        try await withSnapshots(behind: door, expectUnknown)
    }

    private func expectUnknown(_ snapshots: Snapshots) async throws {
        for method in ["Stat", "Mounts", "Remove", "Usage"] {
            #expect(await snapshots.code(method, ["key": snapshots.name("nobody")]) == "NOT_FOUND", "\(method)")
        }
        for method in ["Prepare", "View"] {
            let body = ["key": snapshots.name("orphan"), "parent": snapshots.name("nobody")]
            #expect(await snapshots.code(method, body) == "NOT_FOUND", "\(method)")
        }
        #expect(
            await snapshots.code("Commit", ["key": snapshots.name("nobody"), "name": snapshots.name("x")])
                == "NOT_FOUND")
        #expect(await snapshots.code("Update", ["info": ["name": snapshots.name("nobody")]]) == "NOT_FOUND")
    }

    @Test("The wrong kind, twice, in the wrong order", arguments: Door.allCases)
    func wrongKinds(door: Door) async throws {
        try await withSnapshots(behind: door, expectOrder)
    }

    private func expectOrder(_ snapshots: Snapshots) async throws {
        try await snapshots.commit("base")
        let (base, active, view) = (snapshots.name("base"), snapshots.name("active"), snapshots.name("view"))
        _ = try await snapshots.call("Prepare", ["key": active, "parent": base])
        _ = try await snapshots.call("View", ["key": view, "parent": base])
        #expect(await snapshots.code("Prepare", ["key": active, "parent": base]) == "ALREADY_EXISTS")
        #expect(await snapshots.code("View", ["key": active, "parent": base]) == "ALREADY_EXISTS")
        #expect(await snapshots.code("Commit", ["key": active, "name": base]) == "ALREADY_EXISTS")
        #expect(await snapshots.code("Remove", ["key": base]) == "FAILED_PRECONDITION")
        #expect(await snapshots.code("Mounts", ["key": base]) != "OK")
        #expect(await snapshots.code("Commit", ["key": base, "name": snapshots.name("x")]) != "OK")
        #expect(await snapshots.code("Commit", ["key": view, "name": snapshots.name("x")]) != "OK")
        #expect(await snapshots.code("Prepare", ["key": snapshots.name("y"), "parent": active]) != "OK")
        if snapshots.door == .direct {
            #expect(await snapshots.code("Mounts", ["key": base]) == "FAILED_PRECONDITION")
            #expect(
                await snapshots.code("Commit", ["key": view, "name": snapshots.name("x")]) == "FAILED_PRECONDITION")
            #expect(
                await snapshots.code("Prepare", ["key": snapshots.name("y"), "parent": active]) == "INVALID_ARGUMENT")
        }
        // Nothing of it has changed what there is.
        for key in [active, view] {
            #expect(try await snapshots.call("Mounts", ["key": key]).at("mounts").list.count == 1)
            _ = try await snapshots.call("Remove", ["key": key])
        }
        #expect(await snapshots.code("Remove", ["key": base]) == "OK")
        #expect(await snapshots.code("Remove", ["key": base]) == "NOT_FOUND")
    }

    @Test func malformedRequests() async throws {
        let snapshots = Snapshots(node: try .shared, door: .direct)
        let long = JSONValue.string(String(repeating: "x", count: 100_000))
        let value = JSONValue.string(String(repeating: "v", count: 4096))
        for (method, body) in [
            ("Prepare", ["key": ""]), ("Prepare", ["key": long]), ("View", ["key": ""]), ("View", ["key": long]),
            ("Prepare", ["key": snapshots.name("a"), "labels": ["l": value]]),
            ("Prepare", ["key": snapshots.name("a"), "parent": long]),
            ("Commit", ["key": snapshots.name("a"), "name": ""]),
            ("Update", ["info": ["name": snapshots.name("base")], "update_mask": "kind"]),
            ("Update", ["info": ["name": snapshots.name("base")], "update_mask": "labels.a,parent"]),
            ("List", ["filters": ["kind===="]]), ("List", ["filters": ["labels.\"unended==x"]]),
            ("List", ["filters": ["name~=[(*"]]), ("List", ["filters": [long]]),
        ] as [(String, [String: JSONValue])] {
            try? await snapshots.commit("base")
            #expect(await snapshots.code(method, body) == "INVALID_ARGUMENT", "\(method) \(body.keys)")
        }
        // Bytes that are no message at all.
        for method in ["Prepare", "Stat", "List", "Remove", "Cleanup"] {
            let call: JSONValue = [
                "method": "/containerd.services.snapshots.v1.Snapshots/\(method)", "bytes": "/////w==",
                "socket": "\(snapshots.node.containerd.snapshotsSocket)", "streams": .bool(method == "List"),
            ]
            #expect(await code { try await snapshots.node.client.ask(call) } != "OK")
        }
        #expect(await snapshots.code("Stat", ["key": snapshots.name("base")]) == "OK")
        #expect(try await snapshots.names().contains(snapshots.name("a").text) == false)
    }

    /// Labels are hints; whatever they claim, a layer that was never offered is an ordinary snapshot.
    @Test(
        "Labels that lie or are cut short",
        arguments: [
            [:],
            ["containerd.io/snapshot.ref": "no digest"],
            ["containerd.io/snapshot.ref": "sha256:0000000000000000000000000000000000000000000000000000000000000000"],
            [
                "containerd.io/snapshot.ref": "sha256:1111111111111111111111111111111111111111111111111111111111111111",
                "containerd.io/snapshot/cri.image-ref": "nowhere.invalid/none:latest",
                "containerd.io/snapshot/cri.layer-digest": "sha256:12",
                "containerd.io/snapshot/cri.manifest-digest": "x",
                "containerd.io/snapshot/cri.image-layers": "sha256:1234,sha2",
            ],
            ["containerd.io/snapshot/uidmapping": "0:0:0,,;", "containerd.io/snapshot/gidmapping": "-1"],
        ] as [JSONValue])
    func lyingLabels(labels: JSONValue) async throws {
        let snapshots = Snapshots(node: try .shared, door: .direct)
        let answer = try await snapshots.call("Prepare", ["key": snapshots.name("key"), "labels": labels])
        #expect(answer.at("mounts").list.first?.at("type").text == "bind")
        _ = try await snapshots.call("Remove", ["key": snapshots.name("key")])
    }

    /// A caller who is gone before the answer leaves a whole snapshot or none.
    @Test func hangingUpLeavesNothingHalfMade() async throws {
        let snapshots = Snapshots(node: try .shared, door: .direct)
        try await snapshots.commit("base")
        for number in 0..<40 {
            let call = Task {
                try await snapshots.call(
                    "Prepare", ["key": snapshots.name("\(number)"), "parent": snapshots.name("base")])
            }
            if !number.isMultiple(of: 3) { await Task.yield() }
            call.cancel()
            _ = await call.result
        }
        for number in 0..<40 {
            let key = snapshots.name("\(number)")
            guard await snapshots.code("Stat", ["key": key]) == "OK" else { continue }
            let options = try await snapshots.call("Mounts", ["key": key]).at("mounts").list.flatMap {
                $0.at("options").list.map(\.text)
            }
            for option in options where option.hasPrefix("upperdir=") || option.hasPrefix("workdir=") {
                #expect(FileManager.default.fileExists(atPath: String(option.drop { $0 != "=" }.dropFirst())))
            }
            _ = try await snapshots.call("Remove", ["key": key])
        }
        #expect(await snapshots.code("Remove", ["key": snapshots.name("base")]) == "OK")
    }

    /// Filters are containerd's language: fields, labels, and what is present.
    @Test func listsAreFiltered() async throws {
        let snapshots = Snapshots(node: try .shared, door: .direct)
        _ = try await snapshots.call(
            "Prepare",
            ["key": snapshots.name("one"), "labels": ["note": "a", "containerd.io/x.y": "\(snapshots.prefix)"]])
        _ = try await snapshots.call("Prepare", ["key": snapshots.name("two")])
        func list(_ filters: JSONValue...) async throws -> [String] {
            let parts = try await snapshots.call("List", ["filters": .array(filters)])
            return parts.list.flatMap { $0.at("info").list }.map { $0.at("name").text }
                .filter { $0.hasPrefix(snapshots.prefix) }.map { String($0.dropFirst(snapshots.prefix.count + 1)) }
                .sorted()
        }
        #expect(try await list("labels.\"containerd.io/x.y\"==\(snapshots.prefix)") == ["one"])
        #expect(try await list("name==\(snapshots.prefix)-one", "name==\(snapshots.prefix)-two") == ["one", "two"])
        #expect(try await list("kind==active,labels.note") == ["one"])
        #expect(try await list("name~=^\(snapshots.prefix)", "labels.note==a") == ["one", "two"])
        #expect(try await list("kind==committed") == [])
        for name in ["one", "two"] { _ = try await snapshots.call("Remove", ["key": snapshots.name(name)]) }
    }
}
