import Foundation
import OCI
import State
import Testing

@Suite("Mounts")
struct MountTests {
    private func mount(_ id: String, of image: String, at target: String? = nil) -> MountRecord {
        MountRecord(
            id: id, imageID: digest(image), target: target ?? "/mnt/\(id)", upperDirectory: "/var/lib/imagelet/\(id)",
            createdAt: Date(timeIntervalSince1970: 5.25))
    }

    @Test("added, listed, found, removed")
    func life() throws {
        try withDatabase { database in
            try database.pull("a")
            try database.addMount(mount("1", of: "a"))
            try database.addMount(mount("2", of: "a"))
            #expect(try database.mounts() == [mount("1", of: "a"), mount("2", of: "a")])
            #expect(try database.mount(target: "/mnt/2")?.id == "2")
            #expect(try database.mount(target: "/mnt/3") == nil)
            #expect(try database.imagesInUse() == [digest("a")])
            #expect(try database.removeMount("1", keeping: []).isEmpty)
            #expect(try database.removeMount("1", keeping: []).isEmpty)
            #expect(try database.mounts().map(\.id) == ["2"])
        }
    }

    @Test("an image may go while it is mounted; its layers stay until the last mount went")
    func outlivesImage() throws {
        try withDatabase { database in
            try database.pull("a", layers: ["one", "two", "one"])
            try database.addMount(mount("1", of: "a"))
            try database.addMount(mount("2", of: "a"))
            #expect(try database.removeImage(digest("a"), keeping: []).isEmpty)
            #expect(try database.images().isEmpty)
            #expect(try database.imagesInUse() == [digest("a")])
            #expect(try database.removeUnreferencedLayers(keeping: []).isEmpty)
            #expect(try database.removeMount("1", keeping: []).isEmpty)
            let freed = try database.removeMount("2", keeping: [digest("two")])
            #expect(freed.map(\.digest) == [digest("one")])
        }
    }

    @Test("no mount of an unknown image, none twice at one place")
    func conflicts() throws {
        try withDatabase { database in
            try database.pull("a")
            try database.addMount(mount("1", of: "a"))
            for (bad, word) in [
                (mount("2", of: "b"), "pull"), (mount("2", of: "a", at: "/mnt/1"), "unmount"),
                (mount("1", of: "a", at: "/mnt/2"), "unmount"),
            ] {
                let error = #expect(throws: StateError.self) { try database.addMount(bad) }
                #expect(error?.code == .conflict)
                #expect(error?.message.contains(word) == true)
            }
            #expect(try database.mounts().count == 1)
        }
    }
}
