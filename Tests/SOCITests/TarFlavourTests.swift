import LayerFormat
import OCI
import SOCI
import TestSupport
import Testing

/// Odd tars made by the real tools: an index is built for each, it says what the tar says, and the files' bytes are found through it.
@Suite struct TarFlavourTests {
    struct Flavour: Sendable, CustomTestStringConvertible {
        var name: String
        var command: [String]

        var testDescription: String { name }
    }

    /// Writes a tar to its output; `add` takes what differs from a small regular file.
    private static let prelude = """
        import sys, tarfile, io, struct
        def tar(**kw): return tarfile.open(fileobj=sys.stdout.buffer, mode='w|', **kw)
        def add(t, name, data=b'content of a file\\n', **kw):
            i = tarfile.TarInfo(name); i.size = len(data); i.mtime = 1700000000
            for k, v in kw.items(): setattr(i, k, v)
            t.addfile(i, io.BytesIO(data) if i.size else None)

        """

    private static func python(_ name: String, _ body: String) -> Flavour {
        Flavour(name: name, command: ["python3", "-c", prelude + body])
    }

    private static func sparse(_ format: String, _ options: [String]) -> Flavour {
        let script = """
            set -e; d=$(mktemp -d); trap 'rm -rf "$d"' EXIT; cd "$d"; truncate -s 3M hole
            printf 'at the start' | dd of=hole conv=notrunc status=none
            printf 'in the middle' | dd of=hole bs=1 seek=1500000 conv=notrunc status=none
            printf after > after; tar -S \(options.joined(separator: " ")) -c hole after
            """
        return Flavour(name: "sparse \(format)", command: ["sh", "-c", script])
    }

    static let flavours = [
        python(
            "pax global header",
            "t = tar(format=tarfile.PAX_FORMAT, pax_headers={'comment': 'x' * 700}); add(t, 'a'); t.close()"),
        python("contiguous", "t = tar(); add(t, 'a', type=tarfile.CONTTYPE); add(t, 'b'); t.close()"),
        python(
            "names",
            "t = tar(format=tarfile.GNU_FORMAT); add(t, './a'); add(t, '/b'); add(t, 'x/../c'); add(t, 'n' * 200 + '/' + 'm' * 200); "
                + "add(t, 'l', b'', type=tarfile.SYMTYPE, linkname='t' * 300); t.close()"),
        python(
            "names not UTF-8", "t = tar(format=tarfile.GNU_FORMAT, encoding='latin-1'); add(t, 'caf\\xe9'); t.close()"),
        python(
            "big numbers",
            "t = tar(format=tarfile.GNU_FORMAT); add(t, 'a', uid=3000000, gid=4000000000, mtime=-5); t.close()"),
        python(
            "pax numbers",
            "t = tar(format=tarfile.PAX_FORMAT); add(t, 'a', uid=3000000, mtime=1700000000.123456789, "
                + "pax_headers={'SCHILY.xattr.user.x': 'y', 'z': '1', 'a': '2'}); t.close()"),
        python(
            "hard links",
            "t = tar(); add(t, 'late', b'', type=tarfile.LNKTYPE, linkname='a'); add(t, 'a'); "
                + "add(t, 'b', b'', type=tarfile.LNKTYPE, linkname='./a'); t.close()"),
        python(
            "v7",
            "t = tar(format=tarfile.USTAR_FORMAT); add(t, 'd/', b'', type=tarfile.DIRTYPE, mode=0o1777); add(t, 'd/f'); t.close()"
        ),
        python(
            "devices",
            "t = tar(); add(t, 'n', b'', type=tarfile.CHRTYPE, devmajor=1, devminor=3); "
                + "add(t, 'f', b'', type=tarfile.FIFOTYPE); add(t, 'b', b'', type=tarfile.BLKTYPE, devmajor=259, devminor=1048575); t.close()"
        ),
        python("whiteouts", "t = tar(); add(t, 'd/.wh.x', b''); add(t, 'd/.wh..wh..opq', b''); t.close()"),
        python("duplicates", "t = tar(); add(t, 'a', b'old'); add(t, 'a', b'new'); t.close()"),
        python("empty", "t = tar(); t.close()"),
        python(
            "many",
            "t = tar(format=tarfile.PAX_FORMAT); [add(t, f'd{i % 50}/file{i}', b'%d\\n' % i) for i in range(3000)]; t.close()"
        ),
        sparse("gnu", ["--format=gnu"]),
        sparse("0.0", ["--format=posix", "--sparse-version=0.0"]),
        sparse("0.1", ["--format=posix", "--sparse-version=0.1"]),
        sparse("1.0", ["--format=posix", "--sparse-version=1.0"]),
    ]

    @Test(arguments: flavours) func indexSaysWhatTheTarSays(_ flavour: Flavour) throws {
        try #require(
            Tool.isInstalled("python3") && Tool.isInstalled("tar") && Tool.isInstalled("gzip"),
            "a tool of the test is not installed")
        let tar = try Tool.check(flavour.command)
        var expected: [TarEntry] = []
        var reader = TarReader()
        try reader.feed(tar) { expected.append($0) }
        try reader.finish()
        let blob = try Tool.check(["gzip", "-c"], input: tar)
        for (bytes, compression) in [(tar, LayerCompression.none), (blob, .gzip)] {
            let built = try Layers.index(bytes, compression, spanSize: 20_000)
            #expect(built.content == tar)
            let layer = try ZTOC(InMemoryBytes(built.file))
            #expect(layer.contentSize == reader.contentEnd)
            #expect(layer.entryCount == expected.count)
            #expect(try Layers.entries(built.file) == expected)
            let again = try Layers.index(bytes, compression, spanSize: 20_000, piece: 511)
            #expect(again.file == built.file)
            var content: [UInt8] = []
            for number in 0..<layer.segmentCount {
                content += try Layers.decode(number, of: layer, blob: bytes, piece: 1000)
            }
            #expect(content == Array(tar.prefix(content.count)))
            #expect(content.count == Int(layer.contentSize))
            let tree = try SOCIFormat().makeTree(InMemoryBytes(built.file))
            if flavour.name.hasPrefix("sparse") { try check(sparse: tree, content) }
        }
    }

    private func check(sparse tree: LayerTree, _ content: [UInt8]) throws {
        let hole = try #require(tree.node(atPath: "hole"))
        #expect(tree.attributes(of: hole).size == 3 << 20)
        var file = [UInt8](repeating: 0, count: 3 << 20)
        file.replaceSubrange(0..<12, with: "at the start".utf8)
        file.replaceSubrange(1_500_000..<1_500_013, with: "in the middle".utf8)
        var read: [UInt8] = []
        for extent in tree.extents(of: hole, in: 0..<3 << 20) {
            #expect(extent.fileOffset == Int64(read.count))
            if let offset = extent.tarOffset {
                read += content[Int(offset)..<Int(offset) + Int(extent.length)]
            } else {
                read += Array(repeating: 0, count: Int(extent.length))
            }
        }
        #expect(read == file)
        let after = try #require(tree.node(atPath: "after"))
        let extents = tree.extents(of: after, in: 0..<5)
        let start = Int(try #require(extents.first?.tarOffset))
        #expect(Array(content[start..<start + 5]) == Array("after".utf8))
    }

    @Test(arguments: ["sync flush", "empty member"]) func emptySpansAreLegalAndHoldNothing(_ start: String) throws {
        try #require(Tool.isInstalled("python3"), "a tool of the test is not installed")
        let script = """
            import sys, zlib, struct
            d = sys.stdin.buffer.read()
            h = b'\\x1f\\x8b\\x08\\0\\0\\0\\0\\0\\0\\xff'
            e = h + b'\\x03\\0' + b'\\0' * 8
            c = zlib.compressobj(6, zlib.DEFLATED, -15)
            b = (c.flush(zlib.Z_SYNC_FLUSH) + c.flush(zlib.Z_SYNC_FLUSH) if '\(start)' == 'sync flush' else b'')
            b += c.compress(d) + c.flush()
            sys.stdout.buffer.write((e if '\(start)' == 'empty member' else b'') + h + b + struct.pack('<II', zlib.crc32(d), len(d)))
            """
        let blob = try Tool.check(["python3", "-c", script], input: Vectors.tar)
        let built = try Layers.index(blob, .gzip, spanSize: 2000)
        let layer = try ZTOC(InMemoryBytes(built.file))
        #expect(layer.segment(0).content.isEmpty)
        let first = layer.segmentNumber(containing: 0)
        #expect(first > 0)
        #expect(!layer.segment(first).content.isEmpty)
        var content: [UInt8] = []
        for number in 0..<layer.segmentCount { content += try Layers.decode(number, of: layer, blob: blob) }
        #expect(content == Array(Vectors.tar.prefix(17920)))
    }

    /// Padding behind the tar's end may hold checkpoints; what lies there is nobody's content.
    @Test func checkpointsInThePadding() throws {
        try #require(Tool.isInstalled("gzip"), "a tool of the test is not installed")
        let tar = Vectors.tar + Array(repeating: 0, count: 300_000)
        let members = try Tool.check(["gzip", "-c"], input: tar) + Tool.check(["gzip", "-c"], input: tar)
        let built = try Layers.index(members, .gzip, spanSize: 2000)
        #expect(built.layer.tarSize == Int64(2 * tar.count))
        #expect(built.layer.diffID == Digest(of: tar + tar))
        let layer = try ZTOC(InMemoryBytes(built.file))
        #expect(layer.contentSize == 17920)
        var content: [UInt8] = []
        for number in 0..<layer.segmentCount {
            content += try Layers.decode(number, of: layer, blob: members)
            let start = Int(layer.segment(number).content.lowerBound)
            if let window = try layer.window(before: number) { #expect(window == Array(tar[..<start].suffix(32768))) }
        }
        #expect(content == Array(Vectors.tar.prefix(17920)))
    }

    @Test(arguments: [Array("not a tar".utf8), Array(repeating: 7, count: 2000)] as [[UInt8]])
    func refusesWhatIsNoTar(_ bytes: [UInt8]) throws {
        #expect(throws: LayerFormatError.self) { try Layers.index(bytes, .none) }
        try #require(Tool.isInstalled("gzip"), "a tool of the test is not installed")
        let blob = try Tool.check(["gzip", "-c"], input: bytes)
        #expect(throws: LayerFormatError.self) { try Layers.index(blob, .gzip) }
        #expect(throws: LayerFormatError.self) { try Layers.index(blob, .none) }
    }

    @Test func refusesCutAndForeignBlobs() {
        #expect(throws: LayerFormatError.self) { try Layers.index([], .gzip) }
        #expect(throws: LayerFormatError.self) { try Layers.index([], .none) }
        #expect(throws: LayerFormatError.self) { try Layers.index(Array(Vectors.layerA.dropLast()), .gzip) }
        #expect(throws: LayerFormatError.self) { try Layers.index(Vectors.tar, .gzip) }
    }

    @Test func anErrorOfTheConsumerPasses() {
        struct Full: Error {}
        let builder = ZTOCBuilder(compression: .gzip)
        #expect(throws: Full.self) { try builder.feed(Vectors.layerA) { _ in throw Full() } }
    }
}
