import Foundation
import Glibc
import Linux
import TestSupport
import Testing

/// The daemon dies, is stopped, comes back; readers and callers don't notice.
@Suite(
    "Survival", .enabled(if: TestNode.isPossible, "needs root, /dev/fuse and docker-registry"), .timeLimit(.minutes(10))
)
struct SurvivalTests {
    private static let contents = (0..<8).map { file in
        var random = SplitMix(state: UInt64(file) + 1)
        return (0..<(64 << 10)).flatMap { _ in withUnsafeBytes(of: random.next()) { Array($0) } }
    }

    private static func image(_ contents: [[UInt8]] = contents) throws -> TestImage {
        var maker = LayerMaker()
        maker.directory("data/")
        for (number, content) in contents.enumerated() { maker.file("data/file\(number)", content) }
        return TestImage(layers: [try .gzip(maker)])
    }

    /// Pushes the image with an index, so that it streams.
    private func push(_ registry: TestRegistry, _ node: TestNode) throws -> String {
        try Self.image().push(to: registry, "kept")
        let image = "\(registry.host)/kept:v1"
        try node.index(image)
        return "kept:v1"
    }

    private func truth(below path: String) -> [(path: String, truth: [UInt8])] {
        Self.contents.enumerated().map { ("\(path)/data/file\($0)", $1) }
    }

    private func device(_ node: TestNode) throws -> String? { try Mount.find(at: node.store)?.device }

    /// Waits, generously, until `condition` holds: a container that is being made by another test has a copy of every mount for a while.
    private func wait(_ comment: Comment, _ condition: () throws -> Bool) async throws {
        let end = ContinuousClock.now + .seconds(240)
        while try !condition() {
            try #require(ContinuousClock.now < end, comment)
            try await Task.sleep(for: .milliseconds(50))
        }
    }

    @Test("No read fails over kill -9, bytes on their way or not")
    func noReadFails() async throws {
        try await withTestRegistry { registry in
            try await withNode("fill: {enabled: false}") { node in
                let name = try push(registry, node)
                // Slow enough that something is always on its way.
                let link = Link(megabitsPerSecond: 10, roundTrip: .milliseconds(20))
                try await withFaultyProxy(upstreamPort: registry.port, link: link) { proxy in
                    let image = "\(proxy.host)/\(name)"
                    try node.pull(image, "stream")
                    #expect(try node.inspect(image).layers[0].blobBytesFetched == 0)
                    let root = try node.mount(image)
                    let device = try device(node)
                    let readers = SteadyReaders(truth(below: root), threads: 3)
                    for _ in 0..<4 {
                        try await readers.progress()
                        node.crash()
                        try await node.start()
                        #expect(node.daemon.log.contains("mount resumed"))
                    }
                    try await readers.progress()
                    #expect(try await readers.end() == [])
                    #expect(try self.device(node) == device)
                    #expect(node.keepers.count == 1)
                    // What there is of the node is whole: names are listed, more can be mounted, all can be taken away.
                    let again = try node.mount(image, readOnly: true)
                    #expect(try await away { try Directory.entries(of: again + "/data").count } == 8)
                    try await node.unmountWhenFree(again)
                    try await node.unmountWhenFree(root)
                    try node.check("rm", image)
                    #expect(node.layerDirectories == [])
                }
            }
        }
    }

    @Test("A reader that waits while the daemon dies gets its bytes from the next one")
    func questionInFlight() async throws {
        try await withTestRegistry { registry in
            try await withNode("fill: {enabled: false}") { node in
                let name = try push(registry, node)
                try await withFaultyProxy(upstreamPort: registry.port) { proxy in
                    let image = "\(proxy.host)/\(name)"
                    try node.pull(image, "stream")
                    let slot = try node.inspect(image).layers[0].slot
                    let path = "\(node.store)/\(slot)/data/file5"
                    proxy.add(FaultRule(.stall(after: 0), path: "/blobs/"))
                    proxy.clearLog()
                    let reader = Task { try await away { try Path.read(path, cap: 1 << 20) } }
                    try await wait("the read reaches the registry") { !proxy.requests.isEmpty }
                    node.crash()
                    proxy.removeFaults()
                    try await node.start()
                    #expect(try await reader.value == Self.contents[5])
                }
            }
        }
    }

    @Test("The first close on a mount waits for no daemon")
    func firstClose() async throws {
        try await withTestRegistry { registry in
            try await withNode { node in
                let image = "\(registry.host)/\(try push(registry, node))"
                try node.pull(image, "prefetch")
                let slot = try node.inspect(image).layers[0].slot
                let file = open("\(node.store)/\(slot)/data/file0", O_RDONLY | O_CLOEXEC)
                #expect(file >= 0)
                node.crash()
                let closing = Task { try await away { close(file) } }
                let watch = Task {
                    try await Task.sleep(for: .seconds(60))
                    try await node.start()
                    Issue.record("the close waited")
                }
                #expect(try await closing.value == 0)
                watch.cancel()
            }
        }
    }

    @Test("A call while the daemon is away waits for it and succeeds")
    func callersWait() async throws {
        try await withTestRegistry { registry in
            try await withNode { node in
                try Self.image([[1, 2, 3]]).push(to: registry, "late")
                let image = "\(registry.host)/late:v1"
                node.crash()
                let directory = node.directory
                let pull = Task { try await away { TestNode.pull(image, directory) } }
                try await wait("the caller stands in the queue") {
                    // The listening socket, and one for each connection nobody has accepted.
                    let text = try File("/proc/net/unix").read(at: 0, count: 4 << 20)
                    let sockets = String(decoding: text, as: UTF8.self).split(separator: "\n")
                    return sockets.filter { $0.hasSuffix(" \(directory)/cri.sock") }.count > 1
                }
                try await node.start()
                #expect(try await pull.value == 0)
                #expect(try node.check("images", "--quiet").split(separator: "\n").count == 1)
            }
        }
    }

    @Test("An orderly stop leaves a mount that is in use, and takes down one that isn't")
    func orderlyStop() async throws {
        try await withTestRegistry { registry in
            try await withNode { node in
                let image = "\(registry.host)/\(try push(registry, node))"
                try node.pull(image, "stream")
                let root = try node.mount(image)
                let readers = SteadyReaders(truth(below: root), threads: 2)
                try await readers.progress()
                try await node.stop()
                #expect(try device(node) != nil && node.keepers.count == 1)
                try await node.start()
                #expect(node.daemon.log.contains("mount resumed"))
                try await readers.progress()
                #expect(try await readers.end() == [])

                try await node.unmountWhenFree(root)
                try await node.stop()
                #expect(try device(node) == nil)
                #expect(!FileManager.default.fileExists(atPath: node.directory + "/cri.sock"))
                try await wait("the keeper ends") { node.keepers.isEmpty }
                try await node.start()
                #expect(!node.daemon.log.contains("mount resumed"))
            }
        }
    }

    @Test("A keeper that dies is replaced; one whose mount was taken off ends; a new mount is made then")
    func keepers() async throws {
        try await withNode { node in
            try await node.replaceKeeper()
            try await node.crashAndRestart()
            #expect(node.daemon.log.contains("mount resumed"))

            node.crash()
            #expect(try Mount.unmount(node.store, lazily: true))
            try await wait("the keeper ends") { node.keepers.isEmpty }
            try await node.start()
            #expect(!node.daemon.log.contains("mount resumed"))
            #expect(try device(node) != nil && node.keepers.count == 1)
        }
    }

    @Test("A keeper without root directory takes the mount off and ends")
    func keeperWithoutRoot() async throws {
        try await withNode { node in
            node.crash()
            #expect(try device(node) != nil)
            try Path.remove(node.root + "/keeper.sock")
            try await wait("the keeper ends") { node.keepers.isEmpty }
            #expect(try device(node) == nil)
        }
    }

    /// An image that streams through `proxy` while `body` reads its files by their numbers; nothing is fetched that nobody reads.
    private func withStreamedFiles(
        readTimeout: String,
        _ body: (TestNode, FaultyProxy, _ read: @escaping @Sendable (Int) throws -> [UInt8]) async throws -> Void
    ) async throws {
        try await withTestRegistry { registry in
            try await withNode("fill: {enabled: false}\ntransfers: {readTimeout: \(readTimeout)}") { node in
                let name = try push(registry, node)
                try await withFaultyProxy(upstreamPort: registry.port) { proxy in
                    let image = "\(proxy.host)/\(name)"
                    try node.pull(image, "stream")
                    let path = "\(node.store)/\(try node.inspect(image).layers[0].slot)/data/"
                    try await body(node, proxy) { try Path.read(path + "file\($0)", cap: 1 << 20) }
                }
            }
        }
    }

    @Test(
        "With a dead registry the daemon starts, serves what is local, and waits for the rest no longer than it should")
    func startWithoutNetwork() async throws {
        try await withStreamedFiles(readTimeout: "2s") { node, proxy, read in
            #expect(try await away { try read(0) } == Self.contents[0])
            try await node.stop()

            proxy.add(FaultRule(.reset(after: nil)))
            try await node.start()
            #expect(try node.check("images", "--quiet").split(separator: "\n").count == 1)
            #expect(try await away { try read(0) } == Self.contents[0])
            let error = await #expect(throws: LinuxError.self) { _ = try await away { try read(7) } }
            #expect(error?.errno == .ioError)

            proxy.removeFaults()
            try await wait("the registry is back, and so is the file") {
                (try? read(7)) == Self.contents[7]
            }
        }
    }

    @Test("Wrong bytes are waited out like a registry that is away, and for no longer")
    func wrongBytes() async throws {
        try await withStreamedFiles(readTimeout: "20s") { node, proxy, read in
            proxy.add(FaultRule(.corrupt(at: 0), path: "/blobs/"))
            proxy.clearLog()
            let reader = Task { try await away { try read(2) } }
            // Twice at once, then after a pause each.
            try await wait("it is asked again and again") { proxy.requests.count >= 4 }
            proxy.removeFaults()
            #expect(try await reader.value == Self.contents[2])

            proxy.add(FaultRule(.corrupt(at: 0), path: "/blobs/"))
            let error = await #expect(throws: LinuxError.self) { _ = try await away { try read(7) } }
            #expect(error?.errno == .ioError)
            #expect(node.daemon.log.contains("do not have its digest"))
            proxy.removeFaults()
            #expect(try await away { try read(7) } == Self.contents[7])
        }
    }
}
