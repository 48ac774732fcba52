import FUSE
import Foundation
import Linux
import TestSupport
import Testing

/// A mount outlives the session that serves it, as it must outlive the process.
@Suite(.enabled(if: canMount, mountReason), .timeLimit(.minutes(2)))
struct ResumeTests {
    private let scratch: ScratchDirectory
    private let path: String

    init() throws {
        scratch = try ScratchDirectory()
        path = try scratch.makeDirectory("mount")
    }

    private func session(_ fileSystem: MemoryFileSystem) -> Session {
        Session(fileSystem, at: path, options: Session.Options(threads: 2))
    }

    /// Serves with a first session and leaves; what is left of it.
    private func left(
        _ fileSystem: MemoryFileSystem, _ body: (Session) async throws -> Void
    ) async throws -> (SharedDescriptor, Session.Record) {
        let first = session(fileSystem)
        try first.mount()
        let kept = try #require(try first.descriptor())
        let record = try #require(first.record)
        let service = Task { try await first.run() }
        do { try await body(first) } catch {
            first.stop()
            throw error
        }
        first.leave()
        // Answers that come now are too late, and are heard by nobody.
        fileSystem.slow.release(1)
        try await service.value
        return (kept, record)
    }

    /// Goes on with what is left while `body` runs.
    private func resumed(
        _ fileSystem: MemoryFileSystem, _ kept: SharedDescriptor, _ record: Session.Record,
        _ body: (Session) async throws -> Void
    ) async throws {
        let second = session(fileSystem)
        do {
            _ = try second.resume(try kept.duplicate(), record)
        } catch {
            _ = try? Mount.unmount(path, lazily: true)
            throw error
        }
        let service = Task { try await second.run() }
        let result: Result<Void, any Error>
        do { result = .success(try await body(second)) } catch { result = .failure(error) }
        second.stop()
        try await service.value
        #expect(try Mount.find(at: path) == nil)
        try result.get()
    }

    @Test func openFilesAreReadOnBySuccessor() async throws {
        let content = (0..<3_000_000).map { UInt8(truncatingIfNeeded: $0 / 7) }
        let files = MemoryFileSystem(["big": content])
        var open: File?
        let (kept, record) = try await left(files) { [path] _ in
            open = try await away {
                let file = try File(path + "/big")
                #expect(try file.read(at: 0, count: 1) == [0])
                return file
            }
        }
        #expect(try Mount.find(at: path)?.device == record.device)
        // Asked between the two: waits.
        let late = Task { [open] in try await away { try open?.read(at: 0, count: content.count) } }
        try await resumed(MemoryFileSystem(["big": content]), kept, record) { session in
            let answer = try await late.value
            #expect(answer == content)
            #expect(session.record == record)
            let names = try await away { [path] in try Directory.entries(of: path) }
            #expect(names == ["big"])
        }
    }

    @Test func questionInFlightIsAnsweredBySuccessor() async throws {
        let files = MemoryFileSystem(["slow": [UInt8](repeating: 0, count: 4096)])
        var reader: Task<[UInt8], any Error>?
        let (kept, record) = try await left(files) { [path] _ in
            reader = Task { try await away { try Path.read(path + "/slow", cap: 4096) } }
            _ = await files.slow.arrivals.first { _ in true }
        }
        let successor = MemoryFileSystem(["slow": [UInt8](repeating: 0, count: 4096)])
        try await resumed(successor, kept, record) { _ in
            _ = await successor.slow.arrivals.first { _ in true }
            successor.slow.release(7)
            let answer = try await reader?.value
            #expect(answer == [UInt8](repeating: 7, count: 4096))
        }
    }

    @Test func sessionsFollowEachOther() async throws {
        var (kept, record) = try await left(MemoryFileSystem(["a": [1]])) { _ in }
        for _ in 0..<5 {
            let next = session(MemoryFileSystem(["a": [1]]))
            _ = try next.resume(try kept.duplicate(), record)
            let service = Task { try await next.run() }
            let size = try await away { [path] in try FileStatus(path + "/a").size }
            #expect(size == 1)
            record = try #require(next.record)
            next.leave()
            try await service.value
        }
        try await resumed(MemoryFileSystem(["a": [1]]), kept, record) { [path] _ in
            let content = try await away { try Path.read(path + "/a", cap: 1) }
            #expect(content == [1])
        }
    }

    @Test func whatIsNotTheConnectionIsRefusedAndTheMountIsAsItWas() async throws {
        let (kept, record) = try await left(MemoryFileSystem(["a": [1]])) { _ in }
        var other = record
        other.device = "0:1"
        var garbled = record
        garbled.handshake.request = [1, 2, 3]
        var greedy = record
        // max_write of fuse_init_out: nobody can take 4 GiB.
        for offset in 36..<40 { greedy.handshake.reply[offset] = 0xff }
        let foreign = SharedDescriptor(try OwnedDescriptor(device: "/dev/null"))
        let cases = [(kept, other), (kept, garbled), (kept, greedy), (foreign, record)]
        for (descriptor, record) in cases {
            let error = #expect(throws: FUSEError.self) {
                _ = try session(MemoryFileSystem([:])).resume(try descriptor.duplicate(), record)
            }
            #expect(error?.code == .session)
        }
        try await resumed(MemoryFileSystem(["a": [1]]), kept, record) { [path] _ in
            let content = try await away { try Path.read(path + "/a", cap: 1) }
            #expect(content == [1])
        }
        // Its mount is gone now.
        let error = #expect(throws: FUSEError.self) {
            _ = try session(MemoryFileSystem([:])).resume(try kept.duplicate(), record)
        }
        #expect(error?.code == .session)
    }

    @Test func leavingBeforeItRanKeepsTheMountWithTheDescriptor() async throws {
        let first = session(MemoryFileSystem(["a": [1]]))
        try first.mount()
        let kept = try #require(try first.descriptor())
        let record = try #require(first.record)
        first.leave()
        try await first.run()
        try await resumed(MemoryFileSystem(["a": [1]]), kept, record) { [path] _ in
            let content = try await away { try Path.read(path + "/a", cap: 1) }
            #expect(content == [1])
        }
    }

    @Test func workingSessionsAreNotStuck() async throws {
        try await withMount(MemoryFileSystem(["a": [1]])) { path, session in
            let before = try #require(session.progress)
            _ = try await away { try Path.read(path + "/a", cap: 1) }
            let after = try #require(session.progress)
            #expect(after.questionsTaken > before.questionsTaken)
            #expect(!after.isStuck(since: before))
        }
        let stuck = Session.Progress(questionsTaken: 5, idleThreads: 0)
        #expect(stuck.isStuck(since: stuck))
        #expect(!Session.Progress(questionsTaken: 6, idleThreads: 0).isStuck(since: stuck))
        #expect(!Session.Progress(questionsTaken: 5, idleThreads: 1).isStuck(since: stuck))
    }
}

/// What is kept beside the descriptor.
struct RecordTests {
    private let record = Session.Record(
        device: "0:52", handshake: Session.Handshake(request: [0, 1, 0xff], reply: [0x10]))

    @Test func isReadBack() {
        #expect(Session.Record(record.bytes) == record)
        #expect(String(decoding: record.bytes, as: UTF8.self) == "imagelet fuse session 1\n0:52\n0001ff\n10\n")
    }

    @Test(
        "Other texts and other versions are refused",
        arguments: [
            "", "\n\n\n\n", "imagelet fuse session 2\n0:52\n00\n00\n", "imagelet fuse session 1\n0:52\n00\n00",
            "imagelet fuse session 1\n0:52\n0\n00\n", "imagelet fuse session 1\n0:52\n+1\n00\n",
            "imagelet fuse session 1\n0:52\n0g\n00\n", "imagelet fuse session 1\n0:52\n00\n00\nmore\n",
        ])
    func refused(text: String) {
        #expect(Session.Record(Array(text.utf8)) == nil)
    }
}
