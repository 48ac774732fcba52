import GRPC
import Testing

@Suite("Answers to what cannot be done", .enabled(if: isRoot, rootReason))
struct CodeTests {
    @Test("each has the code the specification names, and changes nothing")
    func codes() async throws {
        try await withNode { node in
            try await node.serve { client, _ in
                _ = try await client.prepare("key")
                try await client.commit("key", as: "base")
                _ = try await client.prepare("active", on: "base")
                _ = try await client.view("view", on: "base")
                let before = try await client.messages()
                let long = String(repeating: "n", count: 4097)

                #expect(await code { _ = try await client.prepare("active") } == .alreadyExists)
                #expect(await code { _ = try await client.prepare("base") } == .alreadyExists)
                #expect(await code { _ = try await client.view("active", on: "base") } == .alreadyExists)
                #expect(await code { _ = try await client.prepare("x", on: "none") } == .notFound)
                #expect(await code { _ = try await client.prepare("x", on: "active") } == .invalidArgument)
                #expect(await code { _ = try await client.view("x", on: "view") } == .invalidArgument)
                for bad in ["", long, "a\0b"] {
                    #expect(await code { _ = try await client.prepare(bad) } == .invalidArgument)
                    #expect(await code { _ = try await client.view(bad) } == .invalidArgument)
                    #expect(await code { _ = try await client.mounts(bad) } == .invalidArgument)
                    #expect(await code { _ = try await client.stat(bad) } == .invalidArgument)
                    #expect(await code { _ = try await client.usage(bad) } == .invalidArgument)
                    #expect(await code { try await client.remove(bad) } == .invalidArgument)
                    #expect(await code { try await client.commit("active", as: bad) } == .invalidArgument)
                    #expect(await code { _ = try await client.update(bad, labels: [:]) } == .invalidArgument)
                }
                #expect(await code { _ = try await client.prepare("x", on: long) } == .invalidArgument)

                #expect(await code { _ = try await client.mounts("none") } == .notFound)
                #expect(await code { _ = try await client.mounts("base") } == .failedPrecondition)
                #expect(await code { try await client.commit("none", as: "x") } == .notFound)
                #expect(await code { try await client.commit("base", as: "x") } == .failedPrecondition)
                #expect(await code { try await client.commit("view", as: "x") } == .failedPrecondition)
                #expect(await code { try await client.commit("active", as: "base") } == .alreadyExists)
                #expect(await code { try await client.remove("none") } == .notFound)
                #expect(await code { try await client.remove("base") } == .failedPrecondition)
                #expect(await code { _ = try await client.stat("none") } == .notFound)
                #expect(await code { _ = try await client.usage("none") } == .notFound)
                #expect(await code { _ = try await client.update("none", labels: [:]) } == .notFound)
                #expect(await code { _ = try await client.names("name==") } == .invalidArgument)
                #expect(await code { _ = try await client.names("name~=(") } == .invalidArgument)
                #expect(try await client.messages() == before)
            }
        }
    }

    @Test("a parent in Commit belongs to a capability that is not offered")
    func rebase() async throws {
        try await withNode { node in
            try await node.serve { client, _ in
                _ = try await client.prepare("key")
                var request = SnapshotsCommitSnapshotRequest()
                (request.key, request.name, request.parent) = ("key", "name", "base")
                let wanted = request
                #expect(await code { try await client.client.commitSnapshot(wanted) } == .invalidArgument)
            }
        }
    }

    @Test("labels have limits wherever they come in")
    func labelLimits() async throws {
        try await withNode { node in
            try await node.serve { client, _ in
                let fits = ["k": String(repeating: "v", count: 4095)]
                let long = ["k": String(repeating: "v", count: 4096)]
                let many = Dictionary(uniqueKeysWithValues: (0..<257).map { ("\($0)", "v") })
                _ = try await client.prepare("a", labels: fits)
                for labels in [long, many] {
                    #expect(await code { _ = try await client.prepare("b", labels: labels) } == .invalidArgument)
                    #expect(await code { try await client.commit("a", as: "b", labels: labels) } == .invalidArgument)
                    #expect(await code { _ = try await client.update("a", labels: labels) } == .invalidArgument)
                }
                #expect(try await client.messages().flatMap { $0 }.map(\.labels) == [fits])
            }
        }
    }
}
