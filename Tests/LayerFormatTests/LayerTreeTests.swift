import LayerFormat
import TestSupport
import Testing

@Suite("Layer trees")
struct LayerTreeTests {
    private func tree(_ build: (inout LayerMaker) -> Void) throws -> LayerTree {
        var layer = LayerMaker()
        build(&layer)
        return try makeTree(layer.finished())
    }

    @Test func anEmptyTarIsAnEmptyTree() throws {
        let tree = try tree { _ in }
        #expect(tree.nodeCount == 1)
        #expect(tree.attributes("")?.mode == 0o755)
        #expect(tree.attributes("")?.linkCount == 2)
        #expect(tree.children(of: LayerTree.root).isEmpty)
    }

    @Test func namesAreCleanedUnderTheRoot() throws {
        let tree = try tree {
            for name in ["./a", "/b", "../../c", "x/../d", "y//e", "f/./g/", "h/.."] {
                if name == "h/.." { $0.directory(name) } else { $0.file(name, "") }
            }
        }
        #expect(tree.names("") == ["a", "b", "c", "d", "f", "y"])
        #expect(tree.node(atPath: "/f/g") != nil && tree.node(atPath: "y/e") != nil)
        #expect(tree.lookup(Array("..".utf8), in: LayerTree.root) == nil)
        #expect(tree.lookup(Array(".".utf8), in: LayerTree.root) == nil)
        #expect(throws: LayerFormatError.self) { try self.tree { $0.file("a/..", "the root as a file") } }
    }

    @Test func missingParentsAreMadeUp() throws {
        let tree = try tree {
            $0.file("a/b/c", "", LayerMaker.Attributes(uid: 5, seconds: 77, nanoseconds: 9))
            $0.file("a/d", "", LayerMaker.Attributes(seconds: 99))
        }
        for path in ["", "a", "a/b"] {
            let made = tree.attributes(path)
            #expect(made?.mode == 0o755 && made?.uid == 0 && made?.gid == 0)
            #expect(made?.modified == Timestamp(seconds: 77, nanoseconds: 9), "the time of the first entry below")
        }
        #expect(["", "a", "a/b"].map { tree.attributes($0)?.linkCount } == [3, 3, 2])
        #expect(tree.node(atPath: "a").map { tree.parent(of: $0) } == LayerTree.root)
    }

    @Test func aNamedRootAndLaterDirectoriesSetAttributes() throws {
        let tree = try tree {
            $0.file("a/b", "")
            $0.directory("./", LayerMaker.Attributes(mode: 0o700, uid: 4, seconds: 5, xattrs: [("user.r", [1])]))
            $0.directory("a", LayerMaker.Attributes(mode: 0o711))
        }
        #expect(tree.attributes("")?.mode == 0o700 && tree.attributes("")?.uid == 4)
        #expect(tree.attributes("")?.modified.seconds == 5)
        #expect(tree.xattr(Array("user.r".utf8), of: LayerTree.root) == [1])
        #expect(tree.attributes("a")?.mode == 0o711)
        #expect(tree.names("a") == ["b"])
    }

    @Test func hardLinksShareOneNodeWhereverTheTargetStands() throws {
        let tree = try tree {
            $0.hardlink("early", to: "./dir/file")
            $0.hardlink("chain", to: "early")
            $0.hardlink("overwritten", to: "dir/file")
            $0.file("dir/file", "content")
            $0.hardlink("late", to: "/dir/file")
            $0.file("overwritten", "mine")
            $0.file("dir/other", "o")
            $0.hardlink("other", to: "dir/other")
            $0.file("dir/other", "newer")
        }
        let file = try #require(tree.node(atPath: "dir/file"))
        for name in ["early", "chain", "late"] { #expect(tree.node(atPath: name) == file) }
        #expect(tree.attributes(of: file).linkCount == 4)
        #expect(tree.attributes("overwritten")?.linkCount == 1)
        // A link keeps what its target was when it was made.
        #expect(tree.attributes("other")?.size == 1)
        #expect(tree.attributes("dir/other")?.size == 5)
        #expect(tree.nodeCount == 6, "no node is left over for names that were replaced")
    }

    @Test("Hard links that cannot be", arguments: ["missing", "link", "dir", "", "../..", "dir/missing", "link/below"])
    func impossibleLinks(target: String) {
        #expect(throws: LayerFormatError.self) {
            try self.tree {
                $0.directory("dir")
                $0.hardlink("link", to: target)
            }
        }
    }

    @Test func hardLinksInACircle() {
        #expect(throws: LayerFormatError.self) {
            try self.tree {
                $0.hardlink("a", to: "b")
                $0.hardlink("b", to: "c")
                $0.hardlink("c", to: "a")
            }
        }
    }

    @Test func laterEntriesWin() throws {
        let tree = try tree {
            $0.directory("x")
            $0.file("x/below", "")
            $0.file("x", "a file now")
            $0.file("y", "a file")
            $0.file("y/below", "so y is a directory")
            $0.symlink("z", to: "y")
            $0.directory("z")
        }
        #expect(tree.attributes("x")?.kind == .regular)
        #expect(tree.node(atPath: "x/below") == nil)
        #expect(tree.names("y") == ["below"])
        #expect(tree.attributes("z")?.kind == .directory)
        #expect(tree.nodeCount == 5)
    }

    @Test func symlinksOnTheWayLeadInsideTheLayerOnly() throws {
        let tree = try tree {
            $0.directory("usr/lib")
            $0.symlink("lib", to: "usr/lib")
            $0.file("lib/a", "")
            $0.symlink("up", to: "../../../../usr/./lib/../lib")
            $0.file("up/b", "")
            $0.symlink("abs", to: "/usr/lib")
            $0.symlink("twice", to: "abs")
            $0.file("twice/c", "")
            $0.symlink("dangling", to: "new/place")
            $0.file("dangling/d", "")
            $0.hardlink("linked", to: "twice/a")
        }
        #expect(tree.names("usr/lib") == ["a", "b", "c"])
        #expect(tree.names("new/place") == ["d"])
        #expect(tree.attributes("lib")?.kind == .symlink)
        #expect(tree.node(atPath: "linked") == tree.node(atPath: "usr/lib/a"))
        #expect(throws: LayerFormatError.self) {
            try self.tree {
                $0.symlink("round", to: "about")
                $0.symlink("about", to: "round")
                $0.file("round/x", "")
            }
        }
    }

    @Test func whiteoutsAndOpaqueMarks() throws {
        let opaque = Array("trusted.overlay.opaque".utf8)
        let tree = try tree {
            $0.whiteout("a/gone")
            $0.whiteout("a/kept")
            $0.file("a/kept", "k")
            $0.directory("a/renewed")
            $0.whiteout("a/renewed")
            $0.file("a/renewed/new", "")
            $0.file("b/.wh..wh.plnk/1.2", "aufs")
            $0.file("b/.wh..wh.aufs", "")
            $0.file("b/.wh.", "")
            $0.file("b/.wh...", "")
            $0.file("b/.wh.hidden/file", "")
            $0.opaque("c")
            $0.file("c/x", "", LayerMaker.Attributes(xattrs: [("trusted.overlay.redirect", [47]), ("user.a", [1])]))
            $0.opaque("")
        }
        let gone = try #require(tree.attributes("a/gone"))
        #expect(gone.kind == .characterDevice && gone.deviceMajor == 0 && gone.deviceMinor == 0)
        #expect(gone.mode == 0 && gone.uid == 0 && gone.linkCount == 1)
        #expect(tree.names("a") == ["gone", "kept", "renewed"])
        #expect(tree.attributes("a/kept")?.kind == .regular)
        // Lower layers' renewed/ is gone, this layer's is not.
        #expect(tree.node(atPath: "a/renewed").flatMap { tree.xattr(opaque, of: $0) } == [121])
        #expect(tree.names("b") == [])
        #expect(tree.node(atPath: "c").flatMap { tree.xattr(opaque, of: $0) } == [121])
        #expect(tree.xattr(opaque, of: LayerTree.root) == [121])
        #expect(tree.names("c") == ["x"])
        #expect(tree.node(atPath: "c/x").map { tree.xattrNames(of: $0) } == [Array("user.a".utf8)])
    }

    @Test func attributesOfLibarchive() throws {
        var layer = LayerMaker()
        layer.tar.append(records: [
            ("LIBARCHIVE.xattr.user.only", Array("aGkA/w".utf8)), ("LIBARCHIVE.xattr.user.both", Array("AAAA".utf8)),
            ("LIBARCHIVE.xattr.user.bad", Array("a!".utf8)), ("SCHILY.xattr.user.both", [7]),
            ("LIBARCHIVE.xattr.user.%3d", Array("YQ==".utf8)),
        ])
        layer.file("a", "")
        let tree = try makeTree(layer.finished())
        let node = try #require(tree.node(atPath: "a"))
        #expect(tree.xattr(Array("user.only".utf8), of: node) == [0x68, 0x69, 0, 0xff])
        #expect(tree.xattr(Array("user.both".utf8), of: node) == [7])
        #expect(tree.xattr(Array("user.bad".utf8), of: node) == nil)
        #expect(tree.xattr(Array("user.=".utf8), of: node) == [0x61])
        #expect(tree.xattrNames(of: node).count == 3)
    }
}
