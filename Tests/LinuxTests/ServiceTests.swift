import Foundation
import Linux
import TestSupport
import Testing

/// What passes between a service and the manager that started it.
struct ServiceTests {
    @Test func environmentOfASocketUnitWithStoreAndWatchdog() {
        let environment = ServiceEnvironment(
            [
                "NOTIFY_SOCKET": "@/org/systemd", "FDSTORE": "16", "WATCHDOG_USEC": "60000000", "WATCHDOG_PID": "7",
                "LISTEN_PID": "7", "LISTEN_FDS": "3", "LISTEN_FDNAMES": "cri:admin:fuse",
            ], process: 7)
        #expect(environment.notifySocket == "@/org/systemd")
        #expect(environment.storeCapacity == 16)
        #expect(environment.watchdogInterval == .seconds(60))
        #expect(environment.descriptorNames == ["cri", "admin", "fuse"])
    }

    @Test(
        "What is meant for others, or is nonsense, counts as absent",
        arguments: [
            [:], ["LISTEN_PID": "8", "LISTEN_FDS": "3"], ["LISTEN_FDS": "3"], ["LISTEN_PID": "7", "LISTEN_FDS": "-1"],
            ["LISTEN_PID": "7", "LISTEN_FDS": "99999999"], ["LISTEN_PID": "7", "LISTEN_FDS": "many"],
            ["WATCHDOG_USEC": "0"], ["WATCHDOG_USEC": "1000", "WATCHDOG_PID": "8"], ["FDSTORE": "-3"],
            ["NOTIFY_SOCKET": ""], ["NOTIFY_SOCKET": "relative"], ["WATCHDOG_USEC": "99999999999999999999"],
        ])
    func absent(variables: [String: String]) {
        #expect(ServiceEnvironment(variables, process: 7) == ServiceEnvironment([:], process: 7))
    }

    @Test func namesThatDoNotFitTheNumberAreUnknown() {
        let environment = ServiceEnvironment(
            ["LISTEN_PID": "7", "LISTEN_FDS": "2", "LISTEN_FDNAMES": "one"], process: 7)
        #expect(environment.descriptorNames == ["unknown", "unknown"])
    }

    @Test(
        "Notices are read back",
        arguments: [
            .ready, .stopping, .alive, .store("fuse", whileAlive: true), .store("fuse-init", whileAlive: false),
            .remove("cri"),
        ] as [ServiceNotice])
    func notices(notice: ServiceNotice) {
        #expect(ServiceNotice(notice.bytes) == notice)
    }

    @Test(
        "What is no notice",
        arguments: [
            "", "FDSTORE=1", "FDSTORE=1\nFDNAME=", "FDSTORE=1\nFDNAME=a:b", "FDSTORE=2\nFDNAME=a", "FDNAME=a", "=", "x",
            "FDSTOREREMOVE=1", "FDSTORE=1\nFDNAME=\u{e9}", "FDSTORE=1\nFDNAME=" + String(repeating: "x", count: 256),
        ])
    func noNotice(text: String) {
        #expect(ServiceNotice(Array(text.utf8)) == nil)
    }

    @Test("A manager gets notices and descriptors", arguments: ["path", "@abstract"])
    func managerHears(kind: String) throws {
        let scratch = try ScratchDirectory()
        let path = kind == "path" ? scratch.file("notify") : "@imagelet-test-\(UUID().uuidString)"
        let manager = try Self.manager(at: path)
        let service = try MessageSocket(connectingTo: path, .datagrams)
        let kept = SharedDescriptor(try MemoryFile.make("state", Array("state".utf8)))
        try service.send(.init(ServiceNotice.store("state", whileAlive: false).bytes, [kept]))
        try service.send(.init(ServiceNotice.ready.bytes))
        let message = try manager.receive()
        #expect(String(decoding: message.bytes, as: UTF8.self) == "FDSTORE=1\nFDNAME=state\nFDPOLL=0")
        #expect(try message.descriptors.map { try $0.contents(cap: 100) } == [Array("state".utf8)])
        #expect(try manager.receive().bytes == Array("READY=1".utf8))
    }

    /// A bound datagram socket, as systemd has one.
    private static func manager(at path: String) throws -> MessageSocket {
        let raw = socket(AF_UNIX, Int32(SOCK_DGRAM.rawValue), 0)
        var address = sockaddr_un()
        address.sun_family = sa_family_t(AF_UNIX)
        var name = Array(path.utf8)
        let isAbstract = name[0] == UInt8(ascii: "@")
        if isAbstract { name[0] = 0 }
        withUnsafeMutableBytes(of: &address.sun_path) { $0.copyBytes(from: name) }
        let length = isAbstract ? 2 + name.count : MemoryLayout<sockaddr_un>.size
        let result = withUnsafePointer(to: &address) { pointer in
            pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) { bind(raw, $0, socklen_t(length)) }
        }
        try #require(result == 0)
        return MessageSocket(OwnedDescriptor(taking: raw))
    }

    @Test func memoryFilesAreSealed() throws {
        let file = try MemoryFile.make("x", [1, 2, 3])
        #expect(write(file.rawValue, [4], 1) == -1 && errno == EPERM)
        #expect(ftruncate(file.rawValue, 0) == -1 && errno == EPERM)
    }

    @Test func deadDescriptorsAreNoticed() throws {
        var ends: [Int32] = [0, 0]
        try #require(pipe(&ends) == 0)
        let writer = SharedDescriptor(OwnedDescriptor(taking: ends[1]))
        let reader = OwnedDescriptor(taking: ends[0])
        let quiet = try Readiness.wait(readable: [reader.rawValue], watched: [writer.rawValue], timeout: .zero)
        #expect(quiet.count == 2 && quiet.allSatisfy { !$0.isReadable && !$0.isDead })
        try #require(write(writer.rawValue, [1], 1) == 1)
        #expect(try Readiness.wait(readable: [reader.rawValue])[0].isReadable)
        _ = consume reader
        #expect(try Readiness.wait(readable: [], watched: [writer.rawValue])[0].isDead)
    }

    @Test func aDetachedProcessHasOneDescriptorAndNoTerminal() async throws {
        let file = try MemoryFile.make("given", [])
        // Left open on purpose, without close-on-exec, as a careless library would.
        let careless = open("/dev/null", O_RDONLY)
        defer { close(careless) }
        let process = try DetachedProcess("/bin/sleep", ["sleep", "1000"], descriptor: file)
        defer {
            kill(process.id, SIGKILL)
            waitpid(process.id, nil, 0)
        }
        let directory = "/proc/\(process.id)/fd"
        // While it starts it has its libraries open, too.
        try await eventually("it has these and no others") {
            try Directory.entries(of: directory) == ["0", "1", "2", "3"]
        }
        let targets = try (0...3).map {
            String(decoding: try Path.linkTarget("\(directory)/\($0)"), as: UTF8.self)
        }
        #expect(targets[0...2].allSatisfy { $0 == "/dev/null" } && targets[3].contains("memfd:given"))
        #expect(getsid(process.id) == process.id)
    }
}
