import Foundation
import Linux
import Synchronization
import TestSupport

/// A node to which everything happens at once: its daemon and keeper are killed, its registry fails by schedule, images come and go, its
/// cache is squeezed; and all the while readers compare what is served with the truth.
final class Torture: Sendable {
    /// An image and what its layers unpack to.
    struct Subject: Sendable {
        var repository: String
        var strategy: String
        var truths: [LayerTruth]
    }

    private struct Tally {
        var layers: Set<String> = []
        var kills = 0
        var pulls = 0
        var callsRepeated: [String: Int] = [:]
        var evictions = 0
        var troubles: [String] = []
    }

    let seed: UInt64
    let length: Duration
    let timeline: FaultTimeline
    let registry: TestRegistry
    let proxy: FaultyProxy
    let node: TestNode
    let scratch: ScratchDirectory
    let stalls = LongestStall()
    private let start = Mutex(ContinuousClock.now)
    private let tally = Mutex(Tally())

    /// No read has a reason to fail while its bytes can still come.
    private let settings = "fill: {quietPeriod: 1s}\ntransfers: {readTimeout: 30m}"

    init(seed: UInt64, lasting length: Duration) async throws {
        self.seed = seed
        self.length = length
        timeline = FaultTimeline(seed: seed, lasting: length)
        scratch = try ScratchDirectory()
        registry = try await TestRegistry()
        proxy = try FaultyProxy(
            upstreamPort: registry.port, link: Link(megabitsPerSecond: 200, roundTrip: .milliseconds(2)))
        node = try await TestNode(settings)
    }

    func tearDown() {
        node.tearDown()
        proxy.stop()
        registry.stop()
    }

    func begin() { start.withLock { $0 = .now } }

    var elapsed: Duration { start.withLock { .now - $0 } }
    var isOver: Bool { elapsed >= length }

    /// Pushes an image of two layers, of which all share the first; one that is to be streamed with its index.
    func push(_ repository: String, _ strategy: String, size: Int, seed: UInt64) throws -> Subject {
        let layers = try [("shared", 4 << 20, 1), (repository, size, seed)].map { name, size, seed in
            (name, try TestImage.Layer.gzip(.assorted(size, seed: seed, name: name)))
        }
        try TestImage(layers: layers.map(\.1)).push(to: registry, repository)
        tally.withLock { $0.layers.formUnion(layers.map(\.0)) }
        if strategy == "stream" {
            try node.index("\(registry.host)/\(repository):v1")
        }
        let truths = try layers.map { name, layer in
            let directory = scratch.file("truth-\(name)")
            return FileManager.default.fileExists(atPath: directory)
                ? try LayerTruth(found: directory) : try LayerTruth(layer, in: directory)
        }
        return Subject(repository: repository, strategy: strategy, truths: truths)
    }

    func image(_ subject: Subject) -> String { "\(proxy.host)/\(subject.repository):v1" }

    /// Readers of the subject's root file system.
    func readers(of subject: Subject, at root: String) -> [TreeReader] {
        subject.truths.map { TreeReader(truth: $0, root: root, stalls: stalls) }
    }

    /// Readers of the subject's layers where the store serves them.
    func readers(ofLayersOf subject: Subject) throws -> [TreeReader] {
        zip(subject.truths, try node.inspect(image(subject)).layers).map {
            TreeReader(truth: $0, root: "\(node.store)/\($1.slot)", stalls: stalls)
        }
    }

    /// - Returns: what went wrong.
    func judge(_ body: () throws -> Void) -> String? {
        do {
            try body()
            return nil
        } catch {
            return "after \(elapsed): \(error)"
        }
    }

    /// Makes the cache of the next start too small for what is mounted, or as large as it likes.
    func configure(isSqueezed: Bool) throws {
        try node.configure(isSqueezed ? "\(settings)\n\(Self.squeeze)" : settings)
    }

    /// The images that stay mounted have 24 MiB, of which what is mounted directly must stay.
    private static let squeeze = "cache: {maxBytes: 14Mi, minFreeBytes: 0, evictionThreshold: 0%}"

    func noteKill() { tally.withLock { $0.kills += 1 } }
    func noteEvictions(_ count: Int) { tally.withLock { $0.evictions += count } }
    func notePull() { tally.withLock { $0.pulls += 1 } }
    func noteRepeat(_ call: String) { tally.withLock { $0.callsRepeated[call, default: 0] += 1 } }
    func note(trouble: String) { tally.withLock { $0.troubles.append(trouble) } }

    /// Of all images together.
    var layerCount: Int { tally.withLock { $0.layers.count } }

    var troubles: [String] { tally.withLock { $0.troubles } }
    var evictions: Int { tally.withLock { $0.evictions } }

    var summary: String {
        let tally = tally.withLock { $0 }
        let repeated = tally.callsRepeated.sorted { $0.key < $1.key }.map { "\($0.key) \($0.value)" }
        return """
            torture, seed \(seed): daemon ended \(tally.kills) times, \(tally.pulls) pulls, calls repeated: \
            \(repeated.isEmpty ? "none" : repeated.joined(separator: ", ")); cold segments given up \(tally.evictions) times; \
            longest stall \(stalls)
            """
    }
}

extension LayerTruth {
    /// Of a layer that was unpacked before.
    fileprivate init(found directory: String) throws {
        self.directory = directory
        paths = try TreeSnapshot(of: directory).entries.keys.filter { $0 != "." }.sorted()
    }
}

extension LayerMaker {
    /// A layer of one directory, `size` bytes of content in large and small files, and one of every harmless kind of entry.
    static func assorted(_ size: Int, seed: UInt64, name: String) -> LayerMaker {
        var maker = TestImage.bulk(size, files: 6, seed: seed, name: name)
        let odd = Attributes(mode: 0o4751, uid: 1000, gid: 2000, seconds: 1_600_000_000, nanoseconds: 123_456_789)
        maker.directory("\(name)/small/", Attributes(mode: 0o1777, uid: 7))
        for number in 0..<60 {
            maker.file("\(name)/small/\(number)", [UInt8](repeating: UInt8(number), count: number * number * 7), odd)
        }
        maker.file("\(name)/empty", [])
        maker.symlink("\(name)/link", to: "small/5")
        maker.hardlink("\(name)/again", to: "\(name)/file0")
        maker.fifo("\(name)/fifo")
        return maker
    }
}
