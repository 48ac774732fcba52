import Dispatch
import Foundation
import LayerFS
import LayerFormat
import Layers
import Linux
import SOCI
import Synchronization
import TestSupport
import Testing

/// Complete layers in mounts of their own: the same as by FUSE, and nothing is lost when mounts, layers or daemons go.
@Suite(
    .enabled(if: canMount, mountReason), .enabled(if: directMountsAreExpected, "\(directMountRequirements)"),
    .timeLimit(.minutes(5)))
struct DirectMountTests {
    /// The mount of the one layer of a fixture.
    private func mounted(_ layer: Layer, _ fixture: LayerStoreFixture) throws -> String {
        try #require(fixture.direct.directory(of: layer))
    }

    private func text(_ path: String) -> String? { try? String(contentsOfFile: path, encoding: .utf8) }

    @Test func everyOddityIsAsByFUSE() async throws {
        let tar = LayerMaker.oddities(isAligned: true).finished()
        try await withMountsBelow { directory in
            let fixture = LayerStoreFixture(directory)
            fixture.direct.bringUp([])
            try await fixture.running {
                let layer = try await fixture.prefetch(tar, slot: 7)
                let root = try mounted(layer, fixture)
                #expect(root == "\(directory)/direct/7/layer")
                let (truth, found) = try await withStore(fixture.store) { store in
                    let path = store.directory(ofSlot: 7)
                    return try await BlockingThread.run("snapshot") {
                        (try TreeSnapshot(of: path), try TreeSnapshot(of: root))
                    }
                }
                #expect(truth.differences(from: found) == [])
                #expect(truth.entries.count > 80)
                #expect(TreeSnapshot(of: try layer.tree(), tar: tar).differences(from: found) == [])
            }
        }
    }

    @Test func overlaysHideWhatALayerHides() async throws {
        var lower = LayerMaker()
        for name in ["gone", "kept", "dir/below", "opaque/below"] { lower.file(name, "lower") }
        var upper = LayerMaker()
        upper.whiteout("gone")
        upper.opaque("opaque")
        upper.file("opaque/new", "upper")
        upper.file("dir/other", "upper")
        let tars = [lower.finished(), upper.finished()]
        try await withMountsBelow { directory in
            let fixture = LayerStoreFixture(directory)
            fixture.direct.bringUp([])
            try await fixture.running {
                var roots: [String] = []
                for (number, tar) in tars.enumerated() {
                    let layer = try await fixture.prefetch(tar, slot: UInt32(number + 1))
                    let root = try mounted(layer, fixture)
                    roots.insert(root, at: 0)
                }
                let target = directory + "/merged"
                try Directory.create(target)
                try Mount.mount(
                    source: "overlay", target: target, type: "overlay", flags: .readOnly,
                    options: "lowerdir=\(Overlay.lowerOption(roots))")
                let names = try TreeSnapshot(of: target).entries.keys.sorted()
                #expect(names == [".", "dir", "dir/below", "dir/other", "kept", "opaque", "opaque/new"])
            }
        }
    }

    @Test func whatEROFSCannotSayStaysWithFUSE() async throws {
        var layer = LayerMaker()
        layer.file(
            "file", "x", .init(xattrs: [("system.posix_acl_access", [2, 0, 0, 0])]))
        let tar = layer.finished()
        try await withMountsBelow { directory in
            let fixture = LayerStoreFixture(directory)
            fixture.direct.bringUp([])
            try await fixture.running {
                let layer = try await fixture.prefetch(tar, slot: 1)
                #expect(fixture.direct.directory(of: layer) == nil)
                #expect(fixture.direct.directory(of: layer) == nil)
                #expect(try Mount.all().allSatisfy { !$0.path.hasPrefix(directory) })
            }
        }
    }

    @Test func aRemovedLayerIsReadOnByWhoUsesIt() async throws {
        let tar = LayerMaker.single("file", "content").finished()
        try await withMountsBelow { directory in
            let fixture = LayerStoreFixture(directory)
            fixture.direct.bringUp([])
            try await fixture.running {
                let layer = try await fixture.prefetch(tar, slot: 1)
                let root = try mounted(layer, fixture)
                let kept = directory + "/kept"
                try Directory.create(kept)
                try Mount.mount(source: root, target: kept, type: "none", flags: .bind)
                #expect(!layer.recall() && layer.isLent)
                await fixture.store.remove(layer.description.blob)
                #expect(try !Path.exists(directory + "/direct/1"))
                #expect(try Directory.entries(of: directory + "/layers") == [])
                #expect(fixture.direct.directory(of: layer) == nil)
                #expect(text(kept + "/file") == "content")
                #expect(try Mount.unmount(kept))
            }
        }
    }

    @Test func aLayerIsTakenBackWhenNobodyReadsIt() async throws {
        let tar = LayerMaker.single("file", "content").finished()
        try await withMountsBelow { directory in
            let fixture = LayerStoreFixture(directory)
            fixture.direct.bringUp([])
            try await fixture.running {
                let layer = try await fixture.prefetch(tar, slot: 1)
                #expect(layer.isLent)
                #expect(layer.recall() && !layer.isLent)
                let root = try mounted(layer, fixture)
                #expect(layer.isLent)
                #expect(layer.recall() && !layer.isLent)
                #expect(text(root + "/file") == nil)
                #expect(fixture.direct.directory(of: layer) == root)
                #expect(text(root + "/file") == "content")
            }
        }
    }

    @Test func mountsOutliveTheDaemonAndAreGoneOnWith() async throws {
        let tars = [LayerMaker.single("file", "one").finished(), LayerMaker.single("file", "two").finished()]
        try await withMountsBelow { directory in
            let first = LayerStoreFixture(directory)
            first.direct.bringUp([])
            try await first.running {
                for (number, tar) in tars.enumerated() {
                    _ = try mounted(try await first.prefetch(tar, slot: UInt32(number + 1)), first)
                }
            }
            let devices = try Mount.all().filter { $0.path.hasPrefix(directory) }.map(\.device)
            #expect(text(directory + "/direct/1/layer/file") == "one")
            // The second daemon knows the first layer only.
            let second = LayerStoreFixture(directory)
            let layer = try second.store.restore(
                LayerDescription(of: tars[0], slot: 1), source: MemorySource(blob: tars[0]))
            second.direct.bringUp(second.store.layers)
            #expect(try Mount.all().filter { $0.path.hasPrefix(directory) }.map(\.device) == [devices[0]])
            #expect(second.direct.directory(of: layer) == directory + "/direct/1/layer")
            #expect(try !Path.exists(directory + "/direct/2"))
            second.direct.takeDown()
            #expect(try Mount.all().allSatisfy { !$0.path.hasPrefix(directory) })
            #expect(second.direct.directory(of: layer) == nil)
        }
    }

    @Test(arguments: [0, 1500, 10_000_000])
    func aDamagedImageIsMadeAnew(position: Int) async throws {
        var maker = LayerMaker.single("file", "content")
        for number in 0..<100 { maker.file("dir/\(number)", "x") }
        let tar = maker.finished()
        try await withMountsBelow { directory in
            let fixture = LayerStoreFixture(directory)
            fixture.direct.bringUp([])
            try await fixture.running {
                let layer = try await fixture.prefetch(tar, slot: 1)
                let root = try mounted(layer, fixture)
                #expect(layer.recall())
                var image = try Data(contentsOf: URL(fileURLWithPath: layer.metadataImagePath))
                image[min(position, image.count - 1)] ^= 1
                try image.write(to: URL(fileURLWithPath: layer.metadataImagePath))
                #expect(fixture.direct.directory(of: layer) == root)
                #expect(text(root + "/file") == "content")
                #expect(try Data(contentsOf: URL(fileURLWithPath: layer.metadataImagePath)) != image)
            }
        }
    }

    @Test func theEndTakesOffWhatNobodyTookOver() async throws {
        let tar = LayerMaker.single("file", "content").finished()
        try await withMountsBelow { directory in
            let first = LayerStoreFixture(directory)
            first.direct.bringUp([])
            try await first.running { _ = try mounted(try await first.prefetch(tar, slot: 1), first) }
            // What a stop in the middle of the trial leaves does not keep the next daemon from trying.
            try Data().write(to: URL(fileURLWithPath: directory + "/direct/probe.erofs"))
            // Its beginning failed before it came to the mounts.
            LayerStoreFixture(directory).direct.takeDown()
            #expect(try Mount.all().allSatisfy { !$0.path.hasPrefix(directory) })
            let third = LayerStoreFixture(directory)
            let layer = try third.store.restore(LayerDescription(of: tar, slot: 1), source: MemorySource(blob: tar))
            third.direct.bringUp(third.store.layers)
            #expect(third.direct.directory(of: layer) != nil)
            third.direct.takeDown()
            #expect(try Directory.entries(of: directory + "/direct") == [])
        }
    }

    @Test func switchedOffTheyGoAndNoneComes() async throws {
        let tar = LayerMaker.single("file", "content").finished()
        try await withMountsBelow { directory in
            let first = LayerStoreFixture(directory)
            first.direct.bringUp([])
            try await first.running { _ = try mounted(try await first.prefetch(tar, slot: 1), first) }
            let second = LayerStoreFixture(directory, mountsDirectly: false)
            let layer = try second.store.restore(LayerDescription(of: tar, slot: 1), source: MemorySource(blob: tar))
            second.direct.bringUp(second.store.layers)
            #expect(try Mount.all().allSatisfy { !$0.path.hasPrefix(directory) })
            #expect(second.direct.directory(of: layer) == nil)
        }
    }

    /// Its metadata cannot be read for now.
    @Test func aSlowLayerKeepsNoOtherFromBeingMounted() async throws {
        let tars = ["slow", "quick"].map { LayerMaker.single($0, "content").finished() }
        let gate = Gate()
        try await withMountsBelow { directory in
            let fixture = LayerStoreFixture(directory, format: GatedFormat(gate: gate, name: "slow"))
            fixture.direct.bringUp([])
            try await fixture.running {
                let slow = try await fixture.prefetch(tars[0], slot: 1)
                let quick = try await fixture.prefetch(tars[1], slot: 2)
                async let first = BlockingThread.run("slow") { fixture.direct.directory(of: slow) }
                try await eventually("the slow one is being mounted") { gate.waiting == 1 }
                #expect(try await BlockingThread.run("quick") { fixture.direct.directory(of: quick) } != nil)
                #expect(try await BlockingThread.run("quick") { quick.recall() })
                gate.open()
                #expect(try await first != nil)
                // Also whoever came before the end is not left behind it.
                fixture.direct.takeDown()
                #expect(try Mount.all().allSatisfy { !$0.path.hasPrefix(directory) })
            }
        }
    }
}

/// Where threads wait until it is opened.
private final class Gate: Sendable {
    private let bar = DispatchSemaphore(value: 0)
    private let count = Mutex(0)

    var waiting: Int { count.withLock { $0 } }
    func open() { bar.signal() }

    func pass() {
        count.withLock { $0 += 1 }
        bar.wait()
        // And the next.
        bar.signal()
        count.withLock { $0 -= 1 }
    }
}

/// Makes whoever wants the tree of layers with an entry of this name wait.
private struct GatedFormat: TableOfContentsFormat {
    let gate: Gate
    let name: String
    private let format = SOCIFormat()

    init(gate: Gate, name: String) {
        self.gate = gate
        self.name = name
    }

    func open(_ file: any RandomAccessBytes, blobSize: Int64) throws -> any SegmentedLayer {
        try format.open(file, blobSize: blobSize)
    }

    func makeTree(_ file: any RandomAccessBytes) throws -> LayerTree {
        let tree = try format.makeTree(file)
        if tree.node(atPath: name) != nil { gate.pass() }
        return tree
    }

    func makeIndexer(compression: LayerCompression, hashesContent: Bool) throws -> any LayerIndexer {
        try format.makeIndexer(compression: compression, hashesContent: hashesContent)
    }
}
