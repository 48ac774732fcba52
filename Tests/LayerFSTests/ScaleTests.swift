import LayerFS
import LayerFormat
import Layers
import Linux
import TestSupport
import Testing

/// A layer that is only a tree.
private struct TreeOnly: LayerReader {
    let built: LayerTree
    func tree() throws -> LayerTree { built }
    func readIfLocal(at tarOffset: Int64, into buffer: inout MutableSpan<UInt8>) throws -> Bool { false }
    func makeLocal(_ tarRange: Range<Int64>) async throws {}
}

@Suite(.enabled(if: canMount, mountReason), .timeLimit(.minutes(5)))
struct ScaleTests {
    @Test func oneMillionEntriesInOneDirectory() async throws {
        let count = 1_000_000
        let tree = try await BlockingThread.run("builder") {
            var builder = LayerTree.Builder()
            for number in 0..<count {
                try builder.add(
                    TarEntry(name: Array("d/file-\(number)".utf8), kind: .regular, contentOffset: 512, mode: 0o644))
            }
            return try builder.finish()
        }
        let layers = TestLayers([1: TreeOnly(built: tree)])
        try await withStore(layers) { store in
            let directory = store.directory(ofSlot: 1) + "/d"
            let lines = try await BlockingThread.run("ls") {
                try Tool.check(["sh", "-c", "ls -U \(directory) | sort -u | wc -l"])
            }
            #expect(String(decoding: lines, as: UTF8.self) == "\(count)\n")
            let found = try await BlockingThread.run("stat") {
                try stride(from: 0, to: count, by: 99_991).map { try FileStatus("\(directory)/file-\($0)").mode }
            }
            #expect(found.allSatisfy { $0 == 0o644 })
        }
    }

    @Test func oneHundredLayersInOneOverlay() async throws {
        let scratch = try ScratchDirectory()
        var slots: [UInt32: any LayerReader] = [:]
        for slot in 1...100 as ClosedRange<UInt32> {
            var maker = LayerMaker()
            maker.file("only-\(slot)", "\(slot)")
            maker.file("shared", "\(slot)")
            if slot > 1 { maker.whiteout("gone-\(slot - 1)") }
            maker.file("gone-\(slot)", "")
            if slot == 50 { maker.opaque("tree") }
            maker.file("tree/in-\(slot)", "")
            slots[slot] = try CompleteLayer(tar: try scratch.write(maker.finished(), to: "\(slot).tar"))
        }
        let target = try scratch.makeDirectory("target")
        let writable = (try scratch.makeDirectory("upper"), try scratch.makeDirectory("work"))
        try await withStore(TestLayers(slots)) { store in
            // Relative, as a page holds only so many absolute paths.
            let lower = (1...100).reversed().map(String.init).joined(separator: ":")
            let options = "lowerdir=\(lower),upperdir=\(writable.0),workdir=\(writable.1)"
            _ = try await BlockingThread.run("mount") {
                try Tool.check(["mount", "-i", "-t", "overlay", "overlay", "-o", options, target], in: store.path)
            }
            defer { _ = try? Mount.unmount(target, lazily: true) }
            try await BlockingThread.run("reader") {
                let names = try Directory.entries(of: target)
                #expect(Set(names) == Set((1...100).map { "only-\($0)" } + ["shared", "tree", "gone-100"]))
                let shared = try Path.read(target + "/shared", cap: 10)
                #expect(shared == Array("100".utf8))
                let tree = try Directory.entries(of: target + "/tree")
                #expect(Set(tree) == Set((50...100).map { "in-\($0)" }))
                // Copy-up works on top of it.
                try File(target + "/only-1", .append).append(Array("!".utf8))
                let changed = try Path.read(target + "/only-1", cap: 10)
                #expect(changed == Array("1!".utf8))
            }
        }
    }
}
