import EROFS
import LayerFormat
import TestSupport
import Testing

/// The image says exactly what the tree says; what it cannot say has a reason.
struct MetadataImageTests {
    private static let identity = [UInt8](1...16)

    private func tree(_ tar: [UInt8]) throws -> LayerTree {
        var reader = TarReader(limits: .standard)
        var builder = LayerTree.Builder()
        try reader.feed(tar) { try builder.add($0) }
        try reader.finish()
        return try builder.finish()
    }

    private func tree(_ entries: [TarEntry]) throws -> LayerTree {
        var builder = LayerTree.Builder()
        for entry in entries { try builder.add(entry) }
        return try builder.finish()
    }

    private func entry(_ name: String, _ kind: TarEntry.Kind = .regular, at offset: Int64 = 0, size: Int64 = 0)
        -> TarEntry
    {
        TarEntry(name: Array(name.utf8), kind: kind, contentOffset: offset, storedSize: size, mode: 0o640)
    }

    private func image(_ tree: LayerTree, tarSize: Int64 = 1 << 40) throws -> MetadataImage {
        try MetadataImage(of: tree, tarSize: tarSize, identity: Self.identity)
    }

    private func expectSame(_ tree: LayerTree, tarSize: Int64 = 1 << 40) throws {
        let reader = try ImageReader(image(tree, tarSize: tarSize).bytes)
        #expect(try reader.difference(from: tree) == nil)
    }

    private func obstacle(_ tree: LayerTree, tarSize: Int64 = 1 << 40) -> Obstacle? {
        do {
            _ = try MetadataImage(of: tree, tarSize: tarSize, identity: Self.identity)
            return nil
        } catch {
            return error
        }
    }

    @Test func everyOddityIsSaid() throws {
        let tar = LayerMaker.oddities(isAligned: true).finished()
        let tree = try tree(tar)
        try expectSame(tree, tarSize: Int64(tar.count))
        #expect(try image(tree).bytes == image(tree).bytes)
    }

    @Test func anEmptyLayerIsARootBelowARoot() throws {
        let tree = try tree([TarEntry]())
        try expectSame(tree, tarSize: 0)
        #expect(try image(tree).bytes.count == 1536)
    }

    @Test(arguments: [1, 2, 30, 31, 40, 100, 5000])
    func directoriesOfAnySizeAreSorted(count: Int) throws {
        var entries: [TarEntry] = []
        for number in 0..<count {
            // Some sort before "." and "..", and lengths differ up to the longest.
            let name = ["!", "-", "a", "."][number % 4] + String(number)
            entries.append(entry("dir/" + name + String(repeating: "x", count: number * 7 % (256 - name.utf8.count))))
        }
        try expectSame(tree(entries))
    }

    @Test(arguments: [1, 100, 447, 448, 449, 511, 512, 513, 1024, 4000, 4095])
    func symlinksOfAnyLengthAreSaid(length: Int) throws {
        var link = entry("link", .symlink)
        link.linkName = [UInt8](repeating: UInt8(ascii: "x"), count: length)
        try expectSame(tree([link, entry("behind")]))
    }

    @Test func attributesOfAnySizeAreSaid() throws {
        for size in [0, 1, 2, 3, 400, 500, 5000, 65535] {
            var file = entry("file", at: 512, size: 10)
            file.records = [
                TarEntry.Record(key: Array("SCHILY.xattr.user.a".utf8), value: [UInt8](repeating: 7, count: size)),
                TarEntry.Record(key: Array("SCHILY.xattr.security.capability".utf8), value: LayerMaker.netRaw),
            ]
            var link = entry("link", .symlink)
            link.linkName = Array("file".utf8)
            link.records = [file.records[1]]
            var directory = entry("dir/", .directory)
            directory.records = file.records
            try expectSame(tree([file, directory, link, entry("dir/one"), entry("dir/two")]))
        }
    }

    @Test(arguments: [1, 511, 512, 513, 1 << 20, 1 << 32, (1 << 40) - 1024] as [Int64])
    func filesOfAnySizeAreOneStretchOfTheTar(size: Int64) throws {
        try expectSame(tree([entry("file", at: 1024, size: size)]))
    }

    private func sparse(_ map: String, size: Int64, stored: Int64) -> TarEntry {
        var file = entry("sparse", at: 512, size: stored)
        file.records = [
            TarEntry.Record(key: Array("GNU.sparse.size".utf8), value: Array(String(size).utf8)),
            TarEntry.Record(key: Array("GNU.sparse.map".utf8), value: Array(map.utf8)),
        ]
        return file
    }

    @Test(arguments: [
        ("", 10_000, 0), ("0,512,4096,512", 4608, 1024), ("512,512,1536,100", 1636, 612),
        ("8192,4096,65536,4096", 1 << 20, 8192), ("1048576,10", 1_048_586, 10),
    ])
    func holesAreSaid(map: String, size: Int, stored: Int) throws {
        try expectSame(tree([sparse(map, size: Int64(size), stored: Int64(stored))]))
    }

    @Test func whatCannotBeSaidHasAReason() throws {
        #expect(obstacle(try tree(LayerMaker.oddities().finished())) == .unalignedContent)
        #expect(obstacle(try tree([entry("a", at: 100, size: 10)])) == .unalignedContent)
        #expect(obstacle(try tree([sparse("0,100,4096,512", size: 5000, stored: 612)])) == .unalignedContent)
        #expect(obstacle(try tree([sparse("100,512", size: 5000, stored: 512)])) == .unalignedContent)
        #expect(obstacle(try tree([sparse("512,512", size: 1 << 50, stored: 512)])) == .tooLarge)
        #expect(obstacle(try tree([entry("a", at: 1024, size: 10)]), tarSize: 1030) == .contentOutOfReach)
        #expect(obstacle(try tree([entry("a", at: 1 << 42, size: 10)]), tarSize: 1 << 43) == .contentOutOfReach)
        for (major, minor) in [(4096, 0), (0, 1 << 20)] as [(UInt32, UInt32)] {
            var device = entry("null", .characterDevice)
            (device.deviceMajor, device.deviceMinor) = (major, minor)
            #expect(obstacle(try tree([device])) == .deviceNumber)
        }
        for (name, size) in [("system.posix_acl_access", 4), ("user.", 1), ("user.large", 65536), ("other", 1)] {
            var file = entry("file")
            file.records = [
                TarEntry.Record(
                    key: Array("SCHILY.xattr.\(name)".utf8), value: [UInt8](repeating: 1, count: size))
            ]
            #expect(obstacle(try tree([file])) == .extendedAttribute, "\(name)")
        }
        var link = entry("link", .symlink)
        link.linkName = [UInt8](repeating: UInt8(ascii: "x"), count: 4096)
        #expect(obstacle(try tree([link])) == .symlink)
    }
}
