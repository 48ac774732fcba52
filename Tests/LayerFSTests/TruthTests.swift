import LayerFS
import Layers
import Linux
import TestSupport
import Testing

/// The yardstick: what the mount shows is what GNU tar unpacks.
@Suite(.enabled(if: canMount, mountReason))
struct TruthTests {
    private let scratch: ScratchDirectory

    init() throws { scratch = try ScratchDirectory() }

    @Test func everyOddityIsAsUnpacked() async throws {
        let tar = try scratch.write(LayerMaker.oddities().finished(), to: "layer.tar")
        let unpacked = try scratch.makeDirectory("unpacked")
        try Tool.check([
            "tar", "-x", "--xattrs", "--xattrs-include=*", "-p", "--same-owner", "--numeric-owner", "-f", tar, "-C",
            unpacked,
        ])
        let truth = try TreeSnapshot(of: unpacked).convertingWhiteouts()
        let layers = TestLayers([7: try CompleteLayer(tar: tar)])
        let found = try await withStore(layers) { store in
            let directory = store.directory(ofSlot: 7)
            return try await BlockingThread.run("snapshot") { try TreeSnapshot(of: directory) }
        }
        let differences = truth.differences(from: found).filter { line in
            guard line.contains(": time is"), let path = line.split(separator: ":").first else { return true }
            return !LayerMaker.hasUncertainTime(String(path))
        }
        #expect(differences == [])
        #expect(truth.entries.count > 80)
    }
}
