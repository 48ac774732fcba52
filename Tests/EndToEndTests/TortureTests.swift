import Foundation
import Linux
import TestSupport
import Testing

/// Everything at once, for `IMAGELET_TORTURE_SECONDS` (default 120), by the schedule of `IMAGELET_TORTURE_SEED` (default: random);
/// `hack/torture` sets both.
@Suite("Torture", .enabled(if: TestNode.isPossible, "needs root, /dev/fuse and docker-registry"))
struct TortureTests {
    @Test("All fails, images come and go, the cache is squeezed: no wrong byte, no failed read, nothing leaks")
    func torture() async throws {
        let variables = ProcessInfo.processInfo.environment
        let seconds = variables["IMAGELET_TORTURE_SECONDS"].flatMap { Int($0) } ?? 120
        let seed = variables["IMAGELET_TORTURE_SEED"].flatMap { UInt64($0) } ?? UInt64.random(in: 1...999_999)
        let torture = try await Torture(seed: seed, lasting: .seconds(seconds))
        defer { torture.tearDown() }
        do {
            try await run(torture)
        } catch {
            Issue.record("\(error)\n\(torture.troubles)\n\(torture.timeline)\n\(torture.node.daemon.log.suffix(8000))")
        }
        print(torture.summary)
    }

    private func run(_ torture: Torture) async throws {
        let node = torture.node
        let before = try node.usage()
        let streamed = try torture.push("streamed", "stream", size: 12 << 20, seed: 2)
        let prefetched = try torture.push("prefetched", "prefetch", size: 8 << 20, seed: 3)
        let passing = try [("one", "stream"), ("two", "stream"), ("three", "prefetch"), ("four", "stream")].enumerated()
            .map { try torture.push($1.0, $1.1, size: 5 << 20, seed: 4 + UInt64($0)) }
        var readers: [TreeReader] = []
        var mounts: [String] = []
        for subject in [streamed, prefetched] {
            try node.pull(torture.image(subject), subject.strategy)
            let root = try node.mount(torture.image(subject))
            mounts.append(root)
            readers += try torture.readers(ofLayersOf: subject) + torture.readers(of: subject, at: root)
        }

        torture.begin()
        let seed = torture.seed
        let all = readers
        let steady = SteadyReaders(threads: 4, seed: seed) { random in
            guard let reader = all.randomElement(using: &random) else { return nil }
            return torture.judge { try reader.readSome(&random) }
        }
        try await withThrowingTaskGroup(of: Void.self) { group in
            group.addTask { try await torture.proxy.play(torture.timeline) }
            group.addTask { try await torture.kill(SplitMix(state: seed + 100)) }
            group.addTask { try await torture.squeeze(SplitMix(state: seed + 400)) }
            group.addTask { try await torture.churn([passing[0], passing[2]], SplitMix(state: seed + 200)) }
            group.addTask { try await torture.churn([passing[1], passing[3]], SplitMix(state: seed + 300)) }
            try await group.waitForAll()
        }
        #expect(torture.evictions > 0)
        // Under a clear sky.
        try await steady.progress(200)
        #expect(try await steady.end() == [], "\(torture.timeline)")
        for reader in readers { try await away("truth") { try reader.readAll() } }
        #expect(torture.troubles == [], "\(torture.timeline)")

        for mount in mounts { try await node.unmountWhenFree(mount) }
        for subject in [streamed, prefetched] { try node.check("rm", torture.image(subject)) }
        try await eventually("nothing is left of the images: \(try torture.leaks())") { try torture.leaks() == [] }
        try await eventually("as few descriptors as before, but for connections that are kept") {
            let now = try node.usage()
            return now.descriptors - now.sockets <= before.descriptors - before.sockets + 8
                && now.sockets <= before.sockets + 64
        }
        try await node.stop()
        try await eventually("nothing is left of the node: \(try torture.remains())") { try torture.remains() == [] }
    }
}
