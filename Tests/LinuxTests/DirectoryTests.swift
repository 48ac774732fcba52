import Foundation
import Linux
import TestSupport
import Testing

struct DirectoryTests {
    private let scratch: ScratchDirectory

    init() throws { scratch = try ScratchDirectory() }

    @Test func makesWhatIsMissing() throws {
        let path = scratch.file("a/b/c")
        try Directory.create(path)
        try Directory.create(path)
        try Directory.sync(path)
        #expect(try FileStatus(scratch.file("a")).mode == 0o700)
        try scratch.write([1], to: "file")
        let error = #expect(throws: LinuxError.self) { try Directory.create(scratch.file("file")) }
        #expect(error?.errno == .exists)
        #expect(throws: LinuxError.self) { try Directory.create(scratch.file("file/below")) }
    }

    @Test func tellsAbsentFromUnknown() throws {
        #expect(try !Path.exists(scratch.file("none")))
        try scratch.write([1], to: "file")
        #expect(try !Path.exists(scratch.file("file/below")))
        try Tool.check(["ln", "-s", "nowhere", scratch.file("link")])
        #expect(try Path.exists(scratch.file("link")))
        #expect(throws: LinuxError.self) { try Path.exists(scratch.file(String(repeating: "x", count: 300))) }
        #expect(try Path.remove(scratch.file("link")))
        #expect(try !Path.remove(scratch.file("link")))
    }

    @Test func removesTreesOfAnyDepthAndKeepsWhatLinksPointAt() throws {
        let tree = try scratch.makeDirectory("tree")
        try scratch.write([1], to: "outside")
        // Longer than PATH_MAX, deeper than there are descriptors.
        let script = "for i in $(seq 1500); do mkdir dddd && cd dddd; done; ln -s \(scratch.path) up; echo x > f"
        try Tool.check(["sh", "-c", script], in: tree)
        try Tool.check(["sh", "-c", "printf x > \"$(printf 'a\\377b')\"; mkfifo p; mkdir -m 0 locked"], in: tree)
        #expect(try Directory.removeTree(tree))
        #expect(try !Directory.removeTree(tree))
        #expect(try Directory.entries(of: scratch.path) == ["outside"])
    }

    @Test func removingATreeFollowsNoLinkAtItsTop() throws {
        _ = try scratch.makeDirectory("kept")
        try scratch.write([1], to: "kept/file")
        try Tool.check(["ln", "-s", "kept", scratch.file("link")])
        #expect(try Directory.removeTree(scratch.file("link")))
        #expect(try Directory.entries(of: scratch.file("kept")) == ["file"])
    }

    @Test(.enabled(if: geteuid() == 0, "mounting needs root"))
    func removingATreeStopsAtAMount() throws {
        let other = try scratch.makeDirectory("other")
        try scratch.write([1], to: "other/precious")
        let inside = try scratch.makeDirectory("tree/inside")
        try Mount.mount(source: other, target: inside, type: "", flags: .bind)
        defer { _ = try? Mount.unmount(inside, lazily: true) }
        for path in [scratch.file("tree"), inside] {
            let error = #expect(throws: LinuxError.self) { try Directory.removeTree(path) }
            #expect(error?.errno == .crossDevice)
        }
        #expect(try Path.exists(scratch.file("other/precious")))
    }

    @Test func countsLinkedBytesOnce() throws {
        let tree = try scratch.makeDirectory("tree")
        try scratch.write([UInt8](repeating: 1, count: 1 << 20), to: "tree/file")
        let before = try Directory.usage(of: tree)
        try Tool.check(["ln", scratch.file("tree/file"), scratch.file("tree/again")])
        let after = try Directory.usage(of: tree)
        #expect(before.bytes >= 1 << 20 && after.bytes == before.bytes)
        #expect(before.inodes == 2 && after.inodes == 2)
        let kilobytes = try Tool.check(["du", "-sk", tree])
        let first = String(decoding: kilobytes, as: UTF8.self).split(separator: "\t").first.map(String.init)
        #expect(first == String(after.bytes / 1024))
    }

    /// What is measured is written to meanwhile: a container's root file system.
    @Test func measuresATreeThatChanges() async throws {
        let tree = try scratch.makeDirectory("tree")
        let worker = Task {
            var round = 0
            while !Task.isCancelled {
                try Directory.create("\(tree)/\(round % 7)/a/b")
                try Path.replace("\(tree)/\(round % 7)/a/f", with: [[1]])
                try Directory.removeTree("\(tree)/\((round + 3) % 7)")
                round += 1
                await Task.yield()
            }
        }
        for _ in 0..<300 {
            #expect(try Directory.usage(of: tree).inodes >= 1)
            await Task.yield()
        }
        worker.cancel()
        try await worker.value
        let error = #expect(throws: LinuxError.self) { try Directory.usage(of: tree + "/none") }
        #expect(error?.errno == .noEntry)
    }

    @Test(.enabled(if: geteuid() == 0, "mounting needs root"))
    func measuringStopsAtAMount() throws {
        let inside = try scratch.makeDirectory("tree/inside")
        let before = try Directory.usage(of: scratch.file("tree"))
        try Mount.mount(source: "none", target: inside, type: "tmpfs")
        defer { _ = try? Mount.unmount(inside, lazily: true) }
        try scratch.write([1], to: "tree/inside/file")
        #expect(before.inodes == 2)
        #expect(try Directory.usage(of: scratch.file("tree")).inodes == 1)
    }

    @Test(.enabled(if: geteuid() == 0, "giving files away needs root"))
    func ownersAndModesAreSet() throws {
        let path = try scratch.write([], to: "f")
        try Tool.check(["ln", "-s", "f", scratch.file("link")])
        try Path.setOwner(path, uid: 12, gid: 34)
        try Path.setMode(path, 0o4750)
        try Path.setOwner(scratch.file("link"), uid: 56, gid: 78)
        let (file, link) = (try FileStatus(path), try FileStatus(scratch.file("link")))
        #expect(file.uid == 12 && file.gid == 34 && file.mode == 0o4750)
        #expect(link.uid == 56 && link.gid == 78)
    }

    @Test func volumeIsThatOfDF() throws {
        let volume = try VolumeStatistics(of: scratch.path)
        let text = try Tool.check(["df", "-B1", "--output=size,itotal", scratch.path])
        let fields = String(decoding: text, as: UTF8.self).split(separator: "\n")[1].split(separator: " ")
        #expect(fields.map(String.init) == [String(volume.totalBytes), String(volume.inodes)])
        #expect(volume.availableBytes > 0 && volume.nameLimit == 255)
    }

    @Test func pathsAreResolvedButTheirLastName() throws {
        let base = try Path.resolvingParents(of: scratch.path)
        _ = try scratch.makeDirectory("real")
        try Tool.check(["ln", "-s", "real", scratch.file("link")])
        #expect(try Path.resolvingParents(of: scratch.file("link/x")) == base + "/real/x")
        #expect(try Path.resolvingParents(of: scratch.file("link")) == base + "/link")
        #expect(try Path.resolvingParents(of: scratch.file("link/")) == base + "/link")
        #expect(try Path.resolvingParents(of: "/") == "/")
        #expect(try Path.resolvingParents(of: "/usr") == "/usr")
        #expect(try Path.linkTarget(scratch.file("link")) == Array("real".utf8))
    }
}
