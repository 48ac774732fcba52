import Foundation
import Linux
import TestSupport
import Testing

struct MessageSocketTests {
    private let scratch: ScratchDirectory

    init() throws { scratch = try ScratchDirectory() }

    private func file(_ text: String) throws -> SharedDescriptor {
        SharedDescriptor(try MemoryFile.make("test", Array(text.utf8)))
    }

    @Test func descriptorsTravelBothWays() throws {
        let path = scratch.file("s")
        let listener = SharedDescriptor(
            OwnedDescriptor(taking: try UnixListener(path, kind: .messages).takeDescriptor()))
        #expect(try MessageSocket(acceptedFrom: listener) == nil)
        let client = try MessageSocket(connectingTo: path, .connection)
        let server = try #require(try MessageSocket(acceptedFrom: listener))
        #expect(try server.peerUser() == geteuid())

        try client.send(.init([1, 2], [file("one"), file("two")]))
        try client.send(.init([3]))
        let first = try server.receive()
        #expect(first.bytes == [1, 2])
        #expect(try first.descriptors.map { try $0.contents(cap: 10) } == ["one", "two"].map { Array($0.utf8) })
        #expect(first.descriptors.allSatisfy { fcntl($0.rawValue, F_GETFD) == FD_CLOEXEC })
        let second = try server.receive()
        #expect(second.bytes == [3] && second.descriptors.isEmpty)

        try server.send(.init([9], [file("back")]))
        #expect(try client.receive().descriptors.first?.contents(cap: 10) == Array("back".utf8))
        client.stopReceiving()
        #expect(try client.receive().bytes == [])
        try client.send(.init([4]))
        #expect(try server.receive().bytes == [4])
    }

    @Test func theEndOfAConnectionIsAnEmptyMessage() throws {
        var ends: [Int32] = [0, 0]
        try #require(socketpair(AF_UNIX, Int32(SOCK_SEQPACKET.rawValue), 0, &ends) == 0)
        let left = MessageSocket(OwnedDescriptor(taking: ends[0]))
        try MessageSocket(OwnedDescriptor(taking: ends[1])).send(.init([1], [file("sent before the end")]))
        #expect(try left.receive().descriptors.count == 1)
        #expect(try left.receive().bytes == [])
        let error = #expect(throws: LinuxError.self) { try left.send(.init([1])) }
        #expect(error?.errno == .brokenPipe)
    }

    @Test func whatIsTooLongIsRefusedAndNothingStaysOpen() throws {
        var ends: [Int32] = [0, 0]
        try #require(socketpair(AF_UNIX, Int32(SOCK_SEQPACKET.rawValue), 0, &ends) == 0)
        let (one, other) = (
            MessageSocket(OwnedDescriptor(taking: ends[0])), MessageSocket(OwnedDescriptor(taking: ends[1]))
        )
        let file = try file("x")
        try one.send(.init([UInt8](repeating: 0, count: MessageSocket.longestMessage + 1), [file]))
        try one.send(.init([5], [file]))
        let error = #expect(throws: LinuxError.self) { try other.receive() }
        #expect(error?.errno == .messageTooLong)
        #expect(try other.receive().bytes == [5])
        let many = [SharedDescriptor](repeating: file, count: MessageSocket.mostDescriptors + 1)
        #expect(throws: LinuxError.self) { try one.send(.init([1], many)) }
    }

    @Test func nobodyThere() throws {
        let error = #expect(throws: LinuxError.self) {
            _ = try MessageSocket(connectingTo: scratch.file("none"), .connection)
        }
        #expect(error?.errno == .noEntry)
        let long = #expect(throws: LinuxError.self) {
            _ = try MessageSocket(connectingTo: "@" + String(repeating: "x", count: 108), .datagrams)
        }
        #expect(long?.errno == .nameTooLong)
    }

    @Test func aListeningSocketIsResumedWithItsBacklog() throws {
        let path = scratch.file("s")
        let listener = try UnixListener(path)
        let copy = try listener.duplicate()
        _ = consume listener
        // Both ends of a process's life: nobody accepts, and the caller waits instead of failing.
        let caller = socket(AF_UNIX, Int32(SOCK_STREAM.rawValue), 0)
        defer { close(caller) }
        try #require(connectStream(caller, path) == 0)
        let resumed = SharedDescriptor(
            OwnedDescriptor(taking: try UnixListener(resuming: copy, at: path).takeDescriptor()))
        #expect(try MessageSocket(acceptedFrom: resumed) != nil)
    }

    @Test func foreignDescriptorsAreNoListeners() throws {
        let path = scratch.file("s")
        let listener = try UnixListener(path)
        #expect(throws: LinuxError.self) {
            _ = try UnixListener(resuming: try listener.duplicate(), at: scratch.file("other"))
        }
        #expect(throws: LinuxError.self) {
            _ = try UnixListener(resuming: try MemoryFile.make("x", []), at: path)
        }
        try Path.remove(path)
        let error = #expect(throws: LinuxError.self) {
            _ = try UnixListener(resuming: try listener.duplicate(), at: path)
        }
        #expect(error?.errno == .noEntry)
    }

    private func connectStream(_ socket: Int32, _ path: String) -> Int32 {
        var address = sockaddr_un()
        address.sun_family = sa_family_t(AF_UNIX)
        withUnsafeMutableBytes(of: &address.sun_path) { $0.copyBytes(from: Array(path.utf8)) }
        return withUnsafePointer(to: &address) { pointer in
            pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) {
                connect(socket, $0, socklen_t(MemoryLayout<sockaddr_un>.size))
            }
        }
    }
}
