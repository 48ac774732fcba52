import LayerFormat
import TestSupport
import Testing

/// The tree of a layer equals what GNU tar unpacks of it: every name, mode, owner, time, size, link, device, attribute and byte.
@Suite("Layer trees and GNU tar's unpack", .enabled(if: Truth.isRoot, "setting owners and devices needs root"))
struct TruthTests {
    @Test func everyOddityUnpacksAsTheTreeTells() throws {
        let tar = LayerMaker.oddities().finished()
        let truth = try Truth.unpack(tar).convertingWhiteouts()
        let found = TreeSnapshot(of: try makeTree(tar), tar: tar)
        let differences = truth.differences(from: found).filter { line in
            guard line.contains(": time is"), let path = line.split(separator: ":").first else { return true }
            return !LayerMaker.hasUncertainTime(String(path))
        }
        #expect(differences == [])
        #expect(truth.entries.count > 80)
    }

    @Test("A real tree, archived by GNU tar", arguments: ["v7", "oldgnu", "gnu", "ustar", "posix"], [false, true])
    func realTreesComeBack(format: String, sparse: Bool) throws {
        // POSIX ustar and v7 have no sparse files.
        guard !sparse || !["v7", "ustar"].contains(format) else { return }
        let tree = try Truth.makeRealTree(
            partLength: ["v7": 10, "ustar": 30][format] ?? 70, hasDevices: format != "v7")
        let tar = try Tool.check(
            ["tar", "-C", tree.path, "--format=\(format)", "-c"] + (sparse ? ["--sparse"] : [])
                + (format == "posix" ? ["--xattrs", "--xattrs-include=*"] : []) + ["-f", "-", "."])
        try Truth.compare(tar)
    }

    @Test("GNU tar's sparse formats", arguments: ["0.0", "0.1", "1.0"])
    func sparseVersions(version: String) throws {
        let tree = try Truth.makeRealTree()
        let tar = try Tool.check(
            ["tar", "-C", tree.path, "--format=posix", "--sparse", "--sparse-version=\(version)", "-c", "-f", "-", "."])
        let sparse = ReadTar(tar).entries.filter { entry in
            entry.records.contains { $0.key == [UInt8](text: "GNU.sparse.map") }
        }
        #expect(sparse.count >= 2)
        try Truth.compare(tar)
    }

    @Test(.enabled(if: Tool.isInstalled("bsdtar"), "bsdtar is not installed"))
    func bsdtarArchivesComeBack() throws {
        let tree = try Truth.makeRealTree()
        let tar = try Tool.check(["bsdtar", "-C", tree.path, "-c", "-f", "-", "."])
        // It goes breadth first: GNU tar writes into directories after it has set their times.
        try Truth.compare(tar, except: [.directoryLinkCounts, .directoryTimes])
    }

    @Test func pythonArchivesComeBack() throws {
        let tree = try Truth.makeRealTree(partLength: 30)
        for format in ["USTAR_FORMAT", "GNU_FORMAT", "PAX_FORMAT"] {
            let script = """
                import tarfile, sys
                with tarfile.open(fileobj=sys.stdout.buffer, mode='w|', format=tarfile.\(format),
                                  pax_headers={'comment': 'global', 'SCHILY.xattr.user.all': 'g'}
                                  if '\(format)' == 'PAX_FORMAT' else None) as t:
                    t.add('.')
                """
            try Truth.compare(try Tool.check(["python3", "-c", script], in: tree.path))
        }
    }

    @Test(.enabled(if: Tool.isInstalled("git"), "git is not installed"))
    func gitArchivesComeBack() throws {
        let scratch = try ScratchDirectory()
        let git = ["git", "-c", "user.name=a", "-c", "user.email=a@b", "-c", "init.defaultBranch=main"]
        for step in [["init", "-q"], ["commit", "-q", "--allow-empty", "-m", "first"]] {
            try Tool.check(git + step, in: scratch.path)
        }
        try scratch.write([UInt8](text: "in git\n"), to: "file")
        for step in [["add", "file"], ["commit", "-q", "-m", "second"]] { try Tool.check(git + step, in: scratch.path) }
        let tar = try Tool.check(["git", "archive", "--prefix=a/b/", "HEAD"], in: scratch.path)
        #expect(tar[156] == UInt8(ascii: "g"))
        try Truth.compare(tar, except: [.directoryLinkCounts, .directoryTimes])
    }
}

/// Unpacks and archives for comparison.
enum Truth {
    static let isRoot = (try? Tool.check(["id", "-u"])) == [UInt8](text: "0\n")

    /// GNU tar's unpack of `tar`.
    static func unpack(_ tar: [UInt8]) throws -> TreeSnapshot {
        let scratch = try ScratchDirectory()
        let root = try scratch.makeDirectory("root")
        try scratch.write(tar, to: "layer.tar")
        try Tool.check(
            [
                "tar", "-C", root, "-x", "-p", "--same-owner", "--numeric-owner", "--xattrs", "--xattrs-include=*",
                "-f", scratch.file("layer.tar"),
            ])
        return try TreeSnapshot(of: root)
    }

    static func compare(_ tar: [UInt8], except: TreeSnapshot.Exceptions = [.directoryLinkCounts]) throws {
        let found = TreeSnapshot(of: try makeTree(tar), tar: tar)
        let truth = try unpack(tar)
        #expect(truth.entries.count > 2)
        #expect(truth.differences(from: found, except: except) == [])
    }

    /// A directory on disk with what file systems have: links, sparse files, owners, attributes, devices, long and odd names.
    /// - Parameter partLength: of the three parts of the longest name.
    static func makeRealTree(partLength: Int = 70, hasDevices: Bool = true) throws -> ScratchDirectory {
        let scratch = try ScratchDirectory()
        let long = (0..<3).map { String(repeating: Character(String($0)), count: partLength) }.joined(separator: "/")
        try Tool.check(
            [
                "sh", "-ec",
                """
                mkdir -p a/b '\(long)' && echo one > a/one && ln a/one a/b/two && ln a/one z && ln -s ../nowhere a/link
                echo deep > '\(long)/file' && ln -s '\(long)/file' tolong && : > empty
                head -c 700000 /dev/urandom > big && chmod 4751 big
                \(hasDevices ? "mkfifo pipe && mknod null c 1 3 && mknod disk b 259 7" : "")
                truncate -s 3000000 sparse && printf data | dd of=sparse bs=1 seek=1000000 conv=notrunc status=none
                truncate -s 5000000 hole && chown 12345:54321 a/one && chown -h 7:8 a/link && chmod 1777 a/b
                touch -d '1999-12-31 23:59:59.123456789 UTC' a/one && touch -d '1985-01-02 UTC' empty
                printf x > 'a b\tc' && mkdir 'sp ace' && printf '\\377' > "$(printf 'b\\377d')"
                setfattr -n user.note -v hi big && setfattr -n user.raw -v 0x00ff3d0a a/b
                setfattr -n security.capability -v 0x0100000200200000000000000000000000000000 empty
                touch -d '2020-02-03 04:05:06.7 UTC' a/b a .
                """,
            ], in: scratch.path)
        return scratch
    }
}
