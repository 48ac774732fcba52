import FUSE
import Foundation
import Linux
import TestSupport
import Testing

/// However a session ends, readers get an answer and no mount stays.
@Suite(.enabled(if: canMount, mountReason), .timeLimit(.minutes(1)))
struct LifetimeTests {
    @Test func killedReaderInterruptsItsRead() async throws {
        let fileSystem = MemoryFileSystem(["slow": [UInt8](repeating: 1, count: 4096)])
        try await withMount(fileSystem) { path, _ in
            let reader = Process()
            reader.executableURL = URL(fileURLWithPath: "/bin/cat")
            reader.arguments = [path + "/slow"]
            reader.standardOutput = FileHandle.nullDevice
            try reader.run()
            _ = await fileSystem.slow.arrivals.first { _ in true }
            kill(reader.processIdentifier, SIGKILL)
            _ = await fileSystem.slow.interrupts.first { _ in true }
            fileSystem.slow.release(nil)
            try await away { reader.waitUntilExit() }
            #expect(reader.terminationStatus == SIGKILL)
        }
    }

    @Test func slowReadBlocksNobodyElse() async throws {
        let fileSystem = MemoryFileSystem(["slow": [UInt8](repeating: 0, count: 4096), "a": [5]])
        try await withMount(fileSystem, options: Session.Options(threads: 1)) { path, _ in
            async let slow = away { try Path.read(path + "/slow", cap: 4096) }
            _ = await fileSystem.slow.arrivals.first { _ in true }
            let other = try await away { try Path.read(path + "/a", cap: 10) }
            #expect(other == [5])
            fileSystem.slow.release(9)
            let content = try await slow
            #expect(content == [UInt8](repeating: 9, count: 4096))
        }
    }

    @Test func stopWaitsForOpenRequestsAndIsIdempotent() async throws {
        let fileSystem = MemoryFileSystem(["slow": [UInt8](repeating: 0, count: 4096)])
        try await withMount(fileSystem) { path, session in
            let slow = Task { try await away { try Path.read(path + "/slow", cap: 4096) } }
            _ = await fileSystem.slow.arrivals.first { _ in true }
            session.stop()
            session.stop()
            let left = try Mount.find(at: path)
            #expect(left == nil)
            // libfuse's session must survive this answer, which comes behind its end.
            fileSystem.slow.release(9)
            // Answered, or cut off: both are ends.
            _ = await slow.result
        }
    }

    @Test func mountInUseIsTakenOffAndItsUsersAreCutOff() async throws {
        let scratch = try ScratchDirectory()
        let path = try scratch.makeDirectory("mount")
        let session = Session(MemoryFileSystem(["a": [1]]), at: path, options: Session.Options(threads: 2))
        try session.mount()
        let service = Task { try await session.run() }
        let file = try await away { try File(path + "/a") }
        service.cancel()
        try await service.value
        #expect(try Mount.find(at: path) == nil)
        let error = await #expect(throws: LinuxError.self) { _ = try await away { try file.read(at: 0, count: 1) } }
        #expect(error?.errno == .notConnected)
    }

    @Test func endsWhenSomeoneElseUnmounts() async throws {
        let scratch = try ScratchDirectory()
        let path = try scratch.makeDirectory("mount")
        let session = Session(MemoryFileSystem([:]), at: path, options: Session.Options(threads: 2))
        try session.mount()
        async let service: Void = session.run()
        _ = try await away { try Tool.check(["umount", path]) }
        try await service
        session.stop()
    }

    @Test func stoppedBeforeItRan() async throws {
        let scratch = try ScratchDirectory()
        let path = try scratch.makeDirectory("mount")
        let session = Session(MemoryFileSystem([:]), at: path, options: Session.Options(threads: 2))
        try session.mount()
        session.stop()
        #expect(try Mount.find(at: path) == nil)
        try await session.run()
    }

    @Test func refusesWhatIsNoDirectory() throws {
        let scratch = try ScratchDirectory()
        for name in ["none/there", "missing"] {
            let session = Session(MemoryFileSystem([:]), at: scratch.file(name), options: Session.Options(threads: 1))
            let error = #expect(throws: FUSEError.self) { try session.mount() }
            #expect(error?.code == .mount)
        }
        #expect(try Mount.find(at: scratch.file("missing")) == nil)
    }

    @Test func deadMountOfOursIsReplaced() async throws {
        let scratch = try ScratchDirectory()
        let path = try scratch.makeDirectory("mount")
        let device = try OwnedDescriptor(device: "/dev/fuse")
        try Mount.mount(
            source: "imagelet", target: path, type: Session.mountType,
            options: "fd=\(device.rawValue),rootmode=40000,user_id=0,group_id=0")
        _ = consume device
        let session = Session(MemoryFileSystem(["a": [1]]), at: path, options: Session.Options(threads: 2))
        try session.mount()
        async let service: Void = session.run()
        #expect(try await away { try Path.read(path + "/a", cap: 1) } == [1])
        let target = try Path.resolvingParents(of: path)
        #expect(try Mount.all().filter { $0.path == target }.count == 1)
        session.stop()
        try await service
    }
}
