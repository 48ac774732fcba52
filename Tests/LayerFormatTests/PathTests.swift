import LayerFormat
import TestSupport
import Testing

@Suite("Paths of nodes")
struct PathTests {
    @Test("Each node has the path that leads to it; what is not in the tree has none")
    func paths() throws {
        var maker = LayerMaker()
        maker.directory("usr/")
        maker.directory("usr/lib/")
        maker.file("usr/lib/libc.so", "c")
        maker.file("hello", "h")
        let tree = try makeTree(maker.finished())
        let usr = try #require(tree.lookup(Array("usr".utf8), in: LayerTree.root))
        let lib = try #require(tree.lookup(Array("lib".utf8), in: usr))
        let file = try #require(tree.lookup(Array("libc.so".utf8), in: lib))
        let hello = try #require(tree.lookup(Array("hello".utf8), in: LayerTree.root))
        #expect(
            tree.paths(of: [LayerTree.root, lib, file, hello, 9999]) == [
                LayerTree.root: "/", lib: "/usr/lib", file: "/usr/lib/libc.so", hello: "/hello",
            ])
        #expect(tree.paths(of: []).isEmpty)
    }
}
