import Linux
import TestSupport
import Testing

struct FileTests {
    private let scratch: ScratchDirectory

    init() throws { scratch = try ScratchDirectory() }

    @Test func readsAndWritesAtOffsets() throws {
        let file = try File(scratch.file("f"), .readWriteCreate)
        try file.write(Array("world".utf8), at: 6)
        try file.write(Array("hello ".utf8), at: 0)
        #expect(try file.size() == 11)
        #expect(try file.read(at: 0, count: 100) == Array("hello world".utf8))
        #expect(try file.read(at: 11, count: 5) == [])
        var bytes = [UInt8](repeating: 1, count: 4)
        var span = bytes.mutableSpan
        let count = try file.read(at: 9, into: &span)
        #expect(count == 2 && bytes == Array("ld".utf8) + [1, 1])
        try file.truncate(to: 5)
        try file.sync()
        try file.dataSync()
        #expect(try Path.read(scratch.file("f"), cap: 5) == Array("hello".utf8))
    }

    @Test func appends() throws {
        let path = scratch.file("f")
        try scratch.write(Array("one ".utf8), to: "f")
        let file = try File(path, .append)
        try file.append(Array("two ".utf8))
        try file.append(Array("three".utf8))
        #expect(try file.read(at: 0, count: 20) == Array("one two three".utf8))
    }

    @Test func holesArePunchedFoundAndNotCounted() throws {
        let file = try File(scratch.file("f"), .createExclusive)
        let megabyte = 1 << 20
        try file.write([UInt8](repeating: 7, count: 3 * megabyte), at: 0)
        try file.sync()
        let full = try file.allocatedBytes()
        try file.punchHole(Int64(megabyte)..<Int64(2 * megabyte))
        #expect(try file.size() == Int64(3 * megabyte))
        #expect(try full - file.allocatedBytes() == Int64(megabyte))
        #expect(try file.read(at: Int64(megabyte) - 1, count: 2) == [7, 0])
        #expect(try file.firstHole(from: 0) == Int64(megabyte))
        #expect(try file.firstData(from: Int64(megabyte)) == Int64(2 * megabyte))
        #expect(
            try file.dataExtents() == [0..<Int64(megabyte), Int64(2 * megabyte)..<Int64(3 * megabyte)])
        try file.truncate(to: Int64(10 * megabyte))
        #expect(try file.firstData(from: Int64(4 * megabyte)) == nil)
        try file.punchHole(5..<5)
    }

    @Test func modesAreKept() throws {
        let path = scratch.file("f")
        #expect(throws: LinuxError(.noEntry, "open", path)) { try File(path) }
        #expect(throws: LinuxError(.noEntry, "open", path)) { try File(path, .readWrite) }
        _ = try File(path, .createExclusive, permissions: 0o640)
        #expect(throws: LinuxError(.exists, "open", path)) { try File(path, .createExclusive) }
        #expect(try FileStatus(path).mode == 0o640)
        let reader = try File(path, .read)
        #expect(throws: LinuxError(Errno(rawValue: 9), "pwrite", path)) { try reader.write([1], at: 0) }
    }

    @Test func lockIsExclusiveAndEndsWithItsFile() throws {
        let path = scratch.file("f")
        var first: File? = try File(path, .readWriteCreate)
        let second = try File(path, .readWrite)
        #expect(try first?.tryLock() == true)
        #expect(try second.tryLock() == false)
        first = nil
        #expect(try second.tryLock())
    }

    @Test func replacesWholeFiles() throws {
        let path = scratch.file("f")
        try scratch.write(Array("left by a crash".utf8), to: "f.new")
        try Path.replace(path, with: [Array("a".utf8), [], Array("bc".utf8)])
        let old = try File(path)
        try Path.replace(path, with: [Array("d".utf8)], permissions: 0o644)
        #expect(try old.read(at: 0, count: 10) == Array("abc".utf8))
        #expect(try Path.read(path, cap: 1) == Array("d".utf8))
        #expect(try FileStatus(path).mode == 0o644)
        #expect(try Directory.entries(of: scratch.path) == ["f"])
        let error = #expect(throws: LinuxError.self) { try Path.read(path, cap: 0) }
        #expect(error?.errno == Errno(rawValue: 27))
    }

    @Test func failedReplacementLeavesTheOldFile() throws {
        let directory = try scratch.makeDirectory("f")
        let error = #expect(throws: LinuxError.self) { try Path.replace(directory, with: [[1]]) }
        #expect(error?.errno == .isDirectory || error?.errno == .exists)
        #expect(try Directory.entries(of: scratch.path) == ["f"])
    }

    @Test func errorsSayWhatWhereAndWhy() {
        let error = LinuxError(.noSpace, "pwrite", "/a/b")
        #expect("\(error)" == "pwrite /a/b: No space left on device")
    }
}
