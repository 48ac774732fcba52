import Foundation
import Linux
import Synchronization
import TestSupport
import Testing

/// A stuck thing stays alone, and many at once cost little.
@Suite(
    "Isolation", .enabled(if: TestNode.isPossible, "needs root, /dev/fuse and docker-registry"),
    .timeLimit(.minutes(10))
)
struct IsolationTests {
    private let patient = "fill: {enabled: false}\ntransfers: {readTimeout: 30m}"

    /// An image of layers of files, with an index.
    private func push(_ repository: String, layers: Int, _ registry: TestRegistry, _ node: TestNode) throws
        -> [LayerTruth]
    {
        let made = try (0..<layers).map { number in
            try TestImage.Layer.gzip(
                TestImage.bulk(1 << 20, seed: UInt64(number + 1), name: "\(repository)\(number)"))
        }
        try TestImage(layers: made).push(to: registry, repository)
        try node.index("\(registry.host)/\(repository):v1")
        return try made.enumerated().map { try LayerTruth($1, in: "\(node.directory)/truth-\(repository)\($0)") }
    }

    @Test(
        "Readers of a hanging registry hold up nobody else: not other images, not local bytes of their own, not pulls")
    func hangingHost() async throws {
        try await withTestRegistry { registry in
            try await withNode(patient) { node in
                let hangs = try push("hangs", layers: 8, registry, node)
                let works = try push("works", layers: 2, registry, node)
                let hanging = try FaultyProxy(upstreamPort: registry.port)
                let working = try FaultyProxy(upstreamPort: registry.port)
                defer { for proxy in [hanging, working] { proxy.stop() } }
                let stuck = "\(hanging.host)/hangs:v1"
                try node.pull(stuck, "stream")
                let slots = try node.inspect(stuck).layers.map(\.slot)
                let stalls = LongestStall()
                let root = { @Sendable (layer: Int) in "\(node.store)/\(slots[layer])/hangs\(layer)" }
                let local = try Data(contentsOf: URL(fileURLWithPath: root(0) + "/file0"))

                hanging.add(FaultRule(.stall(after: nil), path: "/blobs/"))
                hanging.clearLog()
                // More than the transfers there may be.
                let answered = Answered()
                for layer in hangs.indices.dropFirst() {
                    for file in 1..<5 {
                        Thread.detachNewThread {
                            let bytes = try? Path.read("\(root(layer))/file\(file)", cap: 1 << 20)
                            if bytes != nil { answered.count.add(1, ordering: .relaxed) }
                        }
                    }
                }
                try await eventually("all layers are asked for") {
                    Set(hanging.requests.map(\.path)).count >= hangs.count - 1
                }
                let image = "\(working.host)/works:v1"
                try await away { _ = try node.pull(image, "stream") }
                let path = try node.mount(image)
                try await away {
                    for truth in works { try TreeReader(truth: truth, root: path, stalls: stalls).readAll() }
                }
                let again = SharedDescriptor(
                    OwnedDescriptor(taking: open(root(0) + "/file0", O_RDONLY | O_CLOEXEC)))
                posix_fadvise(again.rawValue, 0, 0, POSIX_FADV_DONTNEED)
                #expect(try await away { try Path.read(root(0) + "/file0", cap: 1 << 20) } == Array(local))
                try TestImage(layers: [.gzip(.single("one", "one"))]).push(to: registry, "small")
                try await away { _ = try node.pull("\(working.host)/small:v1", "prefetch") }
                try await node.unmountWhenFree(path)

                // All the time nobody of the others was answered: they leave when the node goes.
                #expect(answered.count.load(ordering: .relaxed) == 0)
            }
        }
    }

    @Test("A thousand readers that wait at once, and ten thousand open files")
    func crowd() async throws {
        try await withTestRegistry { registry in
            try await withNode(patient) { node in
                let truths = try push("crowd", layers: 2, registry, node)
                try await withFaultyProxy(upstreamPort: registry.port) { proxy in
                    let image = "\(proxy.host)/crowd:v1"
                    try node.pull(image, "stream")
                    let root = try node.mount(image)
                    let before = try node.usage()
                    proxy.add(FaultRule(.status(503), path: "/blobs/"))
                    let begun = Atomic(0)
                    let readers = truths.map { TreeReader(truth: $0, root: root, stalls: LongestStall()) }
                    let crowd = SteadyReaders(threads: 1000) { random in
                        begun.add(1, ordering: .relaxed)
                        do { try readers.randomElement(using: &random)?.readSome(&random) } catch { return "\(error)" }
                        return nil
                    }
                    try await eventually("all have begun") { begun.load(ordering: .relaxed) >= 1000 }
                    let crowded = try node.usage()
                    proxy.removeFaults()
                    try await crowd.progress(3000)
                    #expect(try await crowd.end() == [])
                    let mostBytes = before.residentBytes + 300 << 20
                    #expect(max(crowded.residentBytes, try node.usage().residentBytes) < mostBytes)

                    try OpenFileLimit.raise()
                    let paths = readers.flatMap { reader in reader.truth.paths.map { "\(root)/\($0)" } }
                    let files = (0..<10_000).map { open(paths[$0 % paths.count], O_RDONLY | O_CLOEXEC) }
                    defer { for file in files { close(file) } }
                    #expect(files.allSatisfy { $0 >= 0 })
                    let opened = try node.usage()
                    #expect(opened.descriptors <= before.descriptors + 100, "open files are the kernel's")
                    #expect(opened.residentBytes < mostBytes)
                }
            }
        }
    }
}

/// How many readers that should wait did not.
private final class Answered: Sendable {
    let count = Atomic(0)
}

extension TestNode {
    /// What the daemon uses of the machine.
    struct Usage {
        var residentBytes: Int
        var descriptors: Int
        /// Of these, sockets: up to 64 connections to registries are kept.
        var sockets: Int
    }

    func usage() throws -> Usage {
        let process = try JSONDecoder().decode(Status.self, from: Data(check("status", "-o", "json").utf8)).daemon
            .processId
        let status = try String(contentsOfFile: "/proc/\(process)/status", encoding: .utf8)
        let line = status.split(separator: "\n").first { $0.hasPrefix("VmRSS:") } ?? ""
        let descriptors = try FileManager.default.contentsOfDirectory(atPath: "/proc/\(process)/fd")
        let sockets = descriptors.count {
            // One that was just closed is none.
            (try? FileManager.default.destinationOfSymbolicLink(atPath: "/proc/\(process)/fd/\($0)"))?
                .hasPrefix("socket:") == true
        }
        return Usage(
            residentBytes: (Int(line.filter(\.isNumber)) ?? 0) << 10, descriptors: descriptors.count, sockets: sockets)
    }
}
