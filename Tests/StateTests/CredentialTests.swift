import Foundation
import OCI
import State
import Testing

@Suite("Credentials of images")
struct CredentialTests {
    private func record(_ image: String, _ repository: String = "x/app", _ text: String = "sealed") -> CredentialRecord
    {
        CredentialRecord(
            image: digest(image), repository: repository, chain: digest("chain of \(image)"), sealed: Array(text.utf8))
    }

    @Test("are replaced, found again after a restart, and forgotten one by one")
    func keeping() throws {
        try withDirectory { directory in
            let path = directory + "/state.db"
            let first = try StateDatabase(path: path)
            try first.pull("a")
            let kept = [record("a"), record("a", "x/app", "newer"), record("a", "y/app")]
            for record in kept { try first.keep(record) }
            try first.close()
            let state = try StateDatabase(path: path)
            #expect(try state.credentials() == [record("a", "x/app", "newer"), record("a", "y/app")])
            try state.forgetCredential(image: digest("a"), repository: "x/app")
            let gone = try state.credential(image: digest("a"), repository: "x/app")
            let left = try state.credential(image: digest("a"), repository: "y/app")
            #expect(gone == nil && left == record("a", "y/app"))
        }
    }

    @Test("are not kept for an image that is not here")
    func unknownImage() throws {
        try withDatabase { state in
            let isKept = try state.keep(record("nowhere"))
            #expect(!isKept)
            #expect(try state.credentials().isEmpty)
        }
    }

    @Test("go with their image")
    func removal() throws {
        try withDatabase { state in
            try state.pull("a", tags: ["x/a:1"])
            try state.pull("b", tags: ["x/b:1"])
            for image in ["a", "b"] { try state.keep(record(image)) }
            _ = try state.removeImage(digest("a"), keeping: [])
            #expect(try state.credentials() == [record("b")])
        }
    }

    @Test("stay for a mount that outlives its image")
    func mounted() throws {
        try withDatabase { state in
            try state.pull("a")
            try state.keep(record("a"))
            try state.addMount(
                MountRecord(
                    id: "m", imageID: digest("a"), target: "/mnt", upperDirectory: "/up", createdAt: Date()))
            _ = try state.removeImage(digest("a"), keeping: [])
            #expect(try state.credentials() == [record("a")])
            _ = try state.removeMount("m", keeping: [])
            #expect(try state.credentials().isEmpty)
        }
    }

    @Test("stay for a snapshot that outlives its image")
    func inSnapshots() throws {
        try withDatabase { state in
            try state.pull("a")
            try state.keep(record("a"))
            _ = try state.adoptSnapshot(
                "top", parent: nil, chain: digest("chain of a"), layer: digest("base"), labels: [:], at: Date())
            _ = try state.removeImage(digest("a"), keeping: [])
            #expect(try state.credentials() == [record("a")])
            _ = try state.removeSnapshot("top", keeping: [])
            #expect(try state.credentials().isEmpty)
        }
    }

    @Test("of every image with a layer serve it, and those of its repository")
    func forLayers() throws {
        try withDatabase { state in
            try state.pull("a", tags: ["x/a:1"], digests: ["docker.io/x/a@\(digest("m a"))"], layers: ["base", "own"])
            try state.pull("b", tags: ["x/b:1"], digests: ["docker.io/x/b@\(digest("m b"))"], layers: ["base"])
            for image in ["a", "b"] { try state.keep(record(image, "docker.io/x/\(image)")) }
            let ids: (String) throws -> Set<Digest> = { layer in
                Set(try state.credentials(for: digest(layer)).map(\.image))
            }
            let known = try state.repositories(of: digest("base"))
            #expect(known == ["docker.io/library/app", "docker.io/x/a", "docker.io/x/b"])
            #expect(try ids("base") == [digest("a"), digest("b")])
            #expect(try ids("own") == [digest("a")])
            #expect(try ids("unknown").isEmpty)
            // What a mount or a container stands on is found without the image, too.
            try state.addMount(
                MountRecord(id: "m", imageID: digest("a"), target: "/mnt", upperDirectory: "/up", createdAt: Date()))
            _ = try state.adoptSnapshot(
                "base", parent: nil, chain: digest("chain of base"), layer: digest("base"), labels: [:], at: Date())
            _ = try state.adoptSnapshot(
                "top", parent: "base", chain: digest("chain of b"), layer: digest("own"), labels: [:], at: Date())
            for image in ["a", "b"] { _ = try state.removeImage(digest(image), keeping: []) }
            #expect(try ids("base") == [digest("a"), digest("b")])
            #expect(try ids("own") == [digest("a"), digest("b")])
            let unknown = try state.repositories(of: digest("unknown"))
            #expect(unknown.isEmpty)
        }
    }
}
