import Foundation
import Linux
import TestSupport
import Testing

struct UnixListenerTests {
    private let scratch: ScratchDirectory

    init() throws { scratch = try ScratchDirectory() }

    @Test func isPrivateAndAnswers() throws {
        let path = scratch.file("s")
        let listener = OwnedDescriptor(taking: try UnixListener(path).takeDescriptor())
        let status = try FileStatus(path)
        #expect(status.kind == .socket && status.mode == 0o600)
        #expect(throws: LinuxError(.addressInUse, "bind", path)) { _ = try UnixListener(path) }
        _ = consume listener
    }

    @Test func staleSocketIsReplaced() throws {
        let path = scratch.file("s")
        _ = OwnedDescriptor(taking: try UnixListener(path).takeDescriptor())
        #expect(try FileStatus(path).kind == .socket)
        let listener = OwnedDescriptor(taking: try UnixListener(path).takeDescriptor())
        #expect(throws: LinuxError(.addressInUse, "bind", path)) { _ = try UnixListener(path) }
        _ = consume listener
    }

    @Test func otherFilesAreLeftAlone() throws {
        let path = try scratch.write([1], to: "s")
        #expect(throws: LinuxError(.exists, "bind", path)) { _ = try UnixListener(path) }
        #expect(try scratch.read("s") == [1])
    }

    @Test func longPathIsRefused() {
        let path = "/" + String(repeating: "x", count: 107)
        #expect(throws: LinuxError(.nameTooLong, "bind", path)) { _ = try UnixListener(path) }
    }
}

struct BlockingThreadTests {
    @Test func givesResultsAndErrors() async throws {
        #expect(try await BlockingThread.run("a name longer than 15 bytes") { 7 } == 7)
        await #expect(throws: LinuxError(.busy, "x", "y")) {
            try await BlockingThread.run("t") { throw LinuxError(.busy, "x", "y") }
        }
    }
}
