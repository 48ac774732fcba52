import Foundation
import Linux
import TestSupport
import Testing

@testable import ImageletDaemon

struct KeeperShelfTests {
    private func message(_ notice: ServiceNotice, _ texts: String...) throws -> MessageSocket.Message {
        MessageSocket.Message(
            notice.bytes, try texts.map { SharedDescriptor(try MemoryFile.make("test", Array($0.utf8))) })
    }

    private func contents(_ shelf: KeeperShelf) throws -> [String: String] {
        try #require(KeeperShelf.descriptors(in: shelf.contents)).mapValues {
            String(decoding: try $0.contents(cap: 100), as: UTF8.self)
        }
    }

    @Test func keepsReplacesAndRemoves() throws {
        var shelf = KeeperShelf()
        #expect(try contents(shelf) == [:])
        shelf.take(try message(.store("a", whileAlive: false), "1"))
        #expect(!shelf.isWorthKeeping)
        shelf.take(try message(.store("b", whileAlive: true), "2"))
        shelf.take(try message(.store("a", whileAlive: false), "3"))
        #expect(try contents(shelf) == ["a": "3", "b": "2"])
        #expect(shelf.isWorthKeeping && shelf.mortals.map(\.name) == ["b"])
        shelf.take(try message(.remove("b")))
        shelf.take(try message(.remove("never there")))
        #expect(try contents(shelf) == ["a": "3"])
        #expect(!shelf.isWorthKeeping)
    }

    @Test func nonsenseAndTooMuchChangeNothing() throws {
        var shelf = KeeperShelf()
        shelf.take(try message(.store("a", whileAlive: false), "1"))
        shelf.take(try message(.store("none", whileAlive: true)))
        shelf.take(try message(.store("two", whileAlive: true), "1", "2"))
        shelf.take(try message(.ready, "1"))
        shelf.take(MessageSocket.Message([0xff, 0, 10], []))
        #expect(try contents(shelf) == ["a": "1"])
        for number in 0..<100 { shelf.take(try message(.store("\(number)", whileAlive: true), "x")) }
        #expect(shelf.contents.descriptors.count == MessageSocket.mostDescriptors)
    }

    @Test("What is no greeting", arguments: ["", "LISTEN_FDNAMES=a", "LISTEN_FDNAMES", "READY=1"])
    func noGreeting(text: String) {
        #expect(KeeperShelf.descriptors(in: MessageSocket.Message(Array(text.utf8))) == nil)
    }
}

/// The keeper itself, on a thread instead of in a process.
@Suite(.timeLimit(.minutes(2)))
struct KeeperTests {
    private let scratch: ScratchDirectory
    private var path: String { scratch.file("keeper.sock") }

    init() throws { scratch = try ScratchDirectory() }

    /// - Returns: a first daemon's connection, and a stream that ends with the keeper.
    private func start() throws -> (first: MessageSocket, end: AsyncStream<Never>) {
        let listener = try UnixListener(path, kind: .messages).takeDescriptor()
        let first = try MessageSocket(connectingTo: path, .connection)
        let root = Path.parent(of: path)
        let (stream, end) = AsyncStream<Never>.makeStream()
        try BlockingThread.start("keeper-test") {
            var keeper = Keeper(root: root, listener: listener)
            keeper.run()
            end.finish()
        }
        return (first, stream)
    }

    @Test func holdsWhatItWasGivenUntilThatDies() async throws {
        var ends: [Int32] = [0, 0]
        try #require(pipe(&ends) == 0)
        let reader = OwnedDescriptor(taking: ends[0])
        var (daemon, keeper): (MessageSocket?, AsyncStream<Never>) = try start()
        #expect(try daemon?.receive().descriptors.count == 0)
        // A pipe's end is dead once nobody can read it, as a connection of FUSE is without its mount.
        let writer = SharedDescriptor(OwnedDescriptor(taking: ends[1]))
        try daemon?.send(.init(ServiceNotice.store("alive", whileAlive: true).bytes, [writer]))
        try daemon?.send(
            .init(
                ServiceNotice.store("text", whileAlive: false).bytes,
                [SharedDescriptor(try MemoryFile.make("x", Array("kept".utf8)))]))
        daemon = nil

        let next = try MessageSocket(connectingTo: path, .connection)
        let held = try #require(KeeperShelf.descriptors(in: try next.receive()))
        #expect(held.keys.sorted() == ["alive", "text"])
        #expect(try held["text"]?.contents(cap: 10) == Array("kept".utf8))
        // Nobody is connected any more, and what it kept is dead: it ends.
        _ = consume reader
        _ = consume next
        for await _ in keeper {}
    }

    @Test func endsWhenItsOnlyDaemonLeavesNothing() async throws {
        var (daemon, keeper): (MessageSocket?, AsyncStream<Never>) = try start()
        _ = try daemon?.receive()
        daemon = nil
        for await _ in keeper {}
    }
}

struct PartingTests {
    @Test func leavesOnlyWhatIsInUseAndKept() {
        #expect(Parting(isInUse: true, outlives: true) == .leave)
        #expect(Parting(isInUse: false, outlives: true) == .takeDown)
        // Nobody else has the connection: a mount left behind would be dead.
        #expect(Parting(isInUse: true, outlives: false) == .takeDown)
        #expect(Parting(isInUse: false, outlives: false) == .takeDown)
    }
}
