import LayerFormat
import TestSupport
import Testing

@Suite("Layer trees: extents, numbers, caps and size")
struct LayerTreeScaleTests {
    /// Any range of a sparse file is covered by its extents in order and without gaps, and reads as the file does.
    @Test func extentsCoverEveryRange() throws {
        var layer = LayerMaker()
        let pieces = (0..<40).map {
            (offset: Int64($0) * 1000 + 3, bytes: [UInt8](repeating: UInt8($0 + 1), count: 512))
        }
        layer.oldSparse("sparse", pieces, size: 50_000)
        let tar = layer.finished()
        let tree = try makeTree(tar)
        let node = try #require(tree.node(atPath: "sparse"))
        var file = [UInt8](repeating: 0, count: 50_000)
        for piece in pieces { file.replaceSubrange(Int(piece.offset)..<Int(piece.offset) + 512, with: piece.bytes) }
        var random = SplitMix(state: 7)
        for _ in 0..<2000 {
            let low = Int64(random.next() % 50_500)
            let range = low..<low + Int64(random.next() % 5000)
            var position = low
            var bytes: [UInt8] = []
            for extent in tree.extents(of: node, in: range) {
                #expect(extent.fileOffset == position && extent.length > 0)
                position += extent.length
                let count = Int(extent.length)
                let data = extent.tarOffset.map { Array(tar[Int($0)..<Int($0) + count]) }
                bytes += data ?? [UInt8](repeating: 0, count: count)
            }
            let end = min(range.upperBound, 50_000)
            #expect(bytes == (low < end ? Array(file[Int(low)..<Int(end)]) : []))
        }
        #expect(tree.attributes(of: node).size == 50_000)
    }

    /// Sizes near 2^63 are legal in a sparse map, and no sum of them may overflow.
    @Test func extentsOfTheLargestFileAreRight() throws {
        let size = Int64.max
        let map = "0,512,\(size - 512),512"
        let tree = try makeTree([
            TarEntry(
                name: [97], kind: .regular, contentOffset: 1 << 40, storedSize: 1024, mode: 0,
                records: [
                    TarEntry.Record(key: Array("GNU.sparse.map".utf8), value: Array(map.utf8)),
                    TarEntry.Record(key: Array("GNU.sparse.size".utf8), value: Array(String(size).utf8)),
                ])
        ])
        let node = try #require(tree.node(atPath: "a"))
        let last = tree.extents(of: node, in: size - 1000..<size)
        #expect(
            last == [
                Extent(fileOffset: size - 1000, tarOffset: nil, length: 488),
                Extent(fileOffset: size - 512, tarOffset: 1 << 40 + 512, length: 512),
            ])
        #expect(tree.extents(of: node, in: size - 1..<size).map(\.tarOffset) == [1 << 40 + 1023])
        #expect(tree.extents(of: node, in: 0..<size).map(\.length).reduce(0, +) == size)
    }

    @Test func numbersAreTheSameEachTime() throws {
        let entries = ReadTar(LayerMaker.oddities().finished()).entries
        let (one, other) = (try makeTree(entries), try makeTree(entries))
        func walk(_ tree: LayerTree) -> [String] {
            var lines: [String] = []
            for node in 0..<UInt32(tree.nodeCount) {
                lines.append("\(node) \(tree.attributes(of: node)) \(tree.children(of: node).map { "\($0)" })")
            }
            return lines
        }
        #expect(walk(one) == walk(other))
        #expect(one.nodeCount > 80)
    }

    @Test func childrenAreSortedAndFound() throws {
        var builder = LayerTree.Builder()
        var random = SplitMix(state: 3)
        var names = Set<[UInt8]>()
        for _ in 0..<3000 {
            var name = (0..<1 + random.next() % 4).map { _ in UInt8(97 + random.next() % 5) }
            name.append(UInt8(128 + random.next() % 100))
            names.insert(name)
            try builder.add(TarEntry(name: Array("d/".utf8) + name, kind: .fifo, contentOffset: 0, mode: 0))
        }
        let tree = try builder.finish()
        let directory = try #require(tree.node(atPath: "d"))
        let children = tree.children(of: directory)
        #expect(children.map(\.name) == names.sorted { $0.lexicographicallyPrecedes($1) })
        for child in children { #expect(tree.lookup(child.name, in: directory) == child.node) }
        for missing in [[], [97], [255], [0]] as [[UInt8]] where !names.contains(missing) {
            #expect(tree.lookup(missing, in: directory) == nil)
        }
    }

    struct Broken: CustomTestStringConvertible {
        var testDescription: String
        var entry: TarEntry
    }

    /// Entries as a hostile table of contents may have them, past any tar reader.
    static let broken: [Broken] = [
        Broken(testDescription: "content behind the layer's end", entry: regular("a", 900, 200)),
        Broken(testDescription: "content before its start", entry: regular("a", -1, 5)),
        Broken(testDescription: "negative size", entry: regular("a", 5, -1)),
        Broken(testDescription: "sum beyond 64 bits", entry: regular("a", .max - 1, .max - 1)),
        Broken(testDescription: "a NUL in the name", entry: regular("a\u{0}b", 0, 0)),
        Broken(testDescription: "a part of 300 bytes", entry: regular(String(repeating: "n", count: 300), 0, 0)),
        Broken(testDescription: "the root as a file", entry: regular("./", 0, 0)),
        Broken(testDescription: "too deep", entry: regular(String(repeating: "d/", count: 1500), 0, 0)),
        Broken(
            testDescription: "a symlink without text",
            entry: TarEntry(name: [97], kind: .symlink, contentOffset: 0, mode: 0)),
        Broken(
            testDescription: "a time with too many nanoseconds",
            entry: TarEntry(
                name: [97], kind: .fifo, contentOffset: 0, mode: 0,
                modified: Timestamp(seconds: 0, nanoseconds: 1_000_000_000))),
        Broken(
            testDescription: "an extended attribute of 100 kB",
            entry: TarEntry(
                name: [97], kind: .fifo, contentOffset: 0, mode: 0,
                records: [
                    TarEntry.Record(
                        key: Array("SCHILY.xattr.user.a".utf8), value: [UInt8](repeating: 0, count: 100_000))
                ])),
        Broken(
            testDescription: "a sparse map beyond what is stored",
            entry: TarEntry(
                name: [97], kind: .regular, contentOffset: 0, storedSize: 10, mode: 0,
                records: [
                    TarEntry.Record(key: Array("GNU.sparse.map".utf8), value: Array("0,11".utf8)),
                    TarEntry.Record(key: Array("GNU.sparse.size".utf8), value: Array("11".utf8)),
                ])),
    ]

    private static func regular(_ name: String, _ offset: Int64, _ size: Int64) -> TarEntry {
        TarEntry(name: Array(name.utf8), kind: .regular, contentOffset: offset, storedSize: size, mode: 0)
    }

    @Test(arguments: broken)
    func brokenEntriesAreRefused(_ broken: Broken) {
        var limits = LayerLimits()
        limits.contentSize = 1000
        #expect(throws: LayerFormatError.self) { try makeTree([broken.entry], limits: limits) }
    }

    /// Symlinks that double a path's depth with each step end in an error, in bounded time and memory.
    @Test func depthCannotBeMultipliedBySymlinks() throws {
        var layer = LayerMaker()
        let deep = String(repeating: "d/", count: 45)
        layer.file(deep + "x", "")
        layer.symlink("s0", to: deep)
        for step in 1..<60 { layer.symlink("s\(step)", to: "s\(step - 1)/" + deep) }
        layer.file("s59/x", "")
        #expect(throws: LayerFormatError.self) { try makeTree(layer.finished()) }
    }

    /// A million entries; a tenth of them without optimisation, where a million take 20 seconds.
    @Test func veryManyEntriesWork() throws {
        #if DEBUG
            let directories = 100
        #else
            let directories = 1000
        #endif
        var builder = LayerTree.Builder()
        var added = 0
        for directory in 0..<directories {
            for file in 0..<999 {
                let name = Array("usr/share/\(directory % 10)/package-\(directory)/file-\(file)".utf8)
                let offset = Int64(added) * 1024
                try builder.add(
                    TarEntry(name: name, kind: .regular, contentOffset: offset, storedSize: 5, mode: 0o644))
                added += 1
            }
        }
        let tree = try builder.finish()
        #expect(tree.nodeCount == directories * 1000 + 10 + 3)
        #expect(tree.attributes("usr/share/7/package-77/file-500")?.size == 5)
        #expect(tree.names("usr/share/3/package-3").count == 999)
        var limits = LayerLimits()
        limits.entries = 100
        let tooMany = (0..<101).map { TarEntry(name: Array("\($0)".utf8), kind: .fifo, contentOffset: 0, mode: 0) }
        #expect(throws: LayerFormatError.self) { try makeTree(tooMany, limits: limits) }
    }
}
