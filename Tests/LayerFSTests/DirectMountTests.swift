import Foundation
import LayerFS
import Layers
import Linux
import TestSupport
import Testing

/// Complete layers in mounts of their own: the same as by FUSE, and nothing is lost when mounts, layers or daemons go.
///
/// Where the kernel cannot, no layer has one.
@Suite(.enabled(if: canMount, mountReason), .timeLimit(.minutes(5)))
struct DirectMountTests {
    /// The mount of the one layer of a fixture; nil, and nothing more to test, where the kernel cannot.
    private func mounted(_ layer: Layer, _ fixture: LayerStoreFixture) throws -> String? {
        guard let root = fixture.direct.directory(of: layer) else {
            #expect(!directMountsAreExpected)
            return nil
        }
        return root
    }

    private func text(_ path: String) -> String? { try? String(contentsOfFile: path, encoding: .utf8) }

    @Test func everyOddityIsAsByFUSE() async throws {
        let tar = LayerMaker.oddities(isAligned: true).finished()
        try await withMountsBelow { directory in
            let fixture = LayerStoreFixture(directory)
            fixture.direct.bringUp([])
            try await fixture.running {
                let layer = try await fixture.prefetch(tar, slot: 7)
                guard let root = try mounted(layer, fixture) else { return }
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
                    guard let root = try mounted(layer, fixture) else { return }
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
                guard let root = try mounted(layer, fixture) else { return }
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
                guard let root = try mounted(layer, fixture) else { return }
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
            let isMounted = try await first.running {
                for (number, tar) in tars.enumerated() {
                    let layer = try await first.prefetch(tar, slot: UInt32(number + 1))
                    guard try mounted(layer, first) != nil else { return false }
                }
                return true
            }
            guard isMounted else { return }
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
                guard let root = try mounted(layer, fixture) else { return }
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
}
