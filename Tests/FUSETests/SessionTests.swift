import FUSE
import Foundation
import Linux
import Synchronization
import Testing

@Suite(.enabled(if: canMount, mountReason), .timeLimit(.minutes(1)))
struct SessionTests {
    @Test func servesNamesAttributesAndContent() async throws {
        let content = (0..<3_000_000).map { UInt8(truncatingIfNeeded: $0 / 7) }
        let fileSystem = MemoryFileSystem(["a": Array("hello".utf8), "b": content], links: ["l": "a"])
        try await withMount(fileSystem) { path, session in
            try await away {
                #expect(try Directory.entries(of: path) == ["a", "b", "l"])
                let status = try FileStatus(path + "/b")
                #expect(status.kind == .regular && status.mode == 0o4755 && status.uid == 3 && status.gid == 4)
                #expect(status.size == 3_000_000 && status.inode == 3)
                #expect(try Path.read(path + "/a", cap: 10) == Array("hello".utf8))
                #expect(try Path.read(path + "/b", cap: 3_000_000) == content)
                #expect(try Path.linkTarget(path + "/l") == Array("a".utf8))
                #expect(try !Path.exists(path + "/c"))
                #expect(try VolumeStatistics(of: path).blocks == VolumeStatistics(of: "/").blocks)
            }
            #expect(session.droppedRequests == 0)
        }
    }

    @Test func mountIsReadOnlyWithSetuidAndDevices() async throws {
        try await withMount(MemoryFileSystem(["a": [1]])) { path, _ in
            let mount = try #require(try Mount.find(at: path))
            #expect(mount.type == "fuse.imagelet" && mount.source == "imagelet")
            #expect(mount.options.contains("ro"))
            #expect(!mount.options.contains("nosuid") && !mount.options.contains("nodev"))
            #expect(mount.fileSystemOptions.contains("allow_other"))
            #expect(mount.fileSystemOptions.contains("default_permissions"))
            let error = await #expect(throws: LinuxError.self) {
                try await away { _ = try File(path + "/new", .createExclusive) }
            }
            #expect(error?.errno == .readOnly)
        }
    }

    @Test func extendedAttributesOfAnyLength() async throws {
        try await withMount(MemoryFileSystem(["a": [1]])) { path, _ in
            try await away {
                let file = path + "/a"
                let lengths = try ["short", "long", "none", "other"].map { name in
                    try ExtendedAttributes.value(of: "user." + name, at: file)?.count
                }
                #expect(lengths == [5, 60_000, 0, nil])
                let names = try ExtendedAttributes.names(of: file)
                #expect(names == ["user.long", "user.none", "user.short"].map { Array($0.utf8) })
            }
        }
    }

    @Test func secondReadComesFromThePageCache() async throws {
        let fileSystem = MemoryFileSystem(["a": [UInt8](repeating: 1, count: 100_000)])
        try await withMount(fileSystem) { path, _ in
            _ = try await away { try Path.read(path + "/a", cap: 100_000) }
            let first = fileSystem.reads.load(ordering: .relaxed)
            _ = try await away { try Path.read(path + "/a", cap: 100_000) }
            #expect(fileSystem.reads.load(ordering: .relaxed) == first)
            #expect(first > 0)
        }
    }

    @Test func failedReadIsEIOAndNothingElseSuffers() async throws {
        try await withMount(MemoryFileSystem(["broken": [1, 2], "a": [3]])) { path, _ in
            let error = await #expect(throws: LinuxError.self) {
                _ = try await away { try Path.read(path + "/broken", cap: 10) }
            }
            #expect(error?.errno == .ioError)
            let other = try await away { try Path.read(path + "/a", cap: 10) }
            #expect(other == [3])
        }
    }

    @Test func droppedReplyAnswersEIOAndIsCounted() async throws {
        try await withMount(MemoryFileSystem(["a": [3]])) { path, session in
            let error = await #expect(throws: LinuxError.self) {
                _ = try await away { try FileStatus(path + "/dropped") }
            }
            #expect(error?.errno == .ioError)
            #expect(session.droppedRequests == 1)
        }
    }

    @Test func handshakeIsKept() async throws {
        let fileSystem = MemoryFileSystem([:])
        try await withMount(fileSystem) { _, session in
            let handshake = try #require(session.handshake)
            // struct fuse_in_header: length, then the opcode, FUSE_INIT = 26; struct fuse_out_header: length, error.
            #expect(handshake.request.count >= 104 && handshake.request[0] == UInt8(handshake.request.count))
            #expect(handshake.request[4] == 26)
            #expect(handshake.reply[0] == UInt8(handshake.reply.count) && handshake.reply[4..<8].allSatisfy { $0 == 0 })
            // The same `unique` in both.
            #expect(handshake.request[8..<16] == handshake.reply[8..<16])
        }
    }

    @Test func readAheadIsRaised() async throws {
        try await withMount(MemoryFileSystem([:]), options: Session.Options(threads: 1, readAheadKiB: 512)) { path, _ in
            let device = try #require(try Mount.find(at: path)).device
            let text = try File("/sys/class/bdi/\(device)/read_ahead_kb").read(at: 0, count: 100)
            #expect(String(decoding: text, as: UTF8.self) == "512\n")
        }
    }
}
