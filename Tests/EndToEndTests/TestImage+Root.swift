import Foundation
import TestSupport

extension TestImage.Layer {
    /// A shell (Debian's static busybox) and every place that runc mounts something at: so it adds nothing of its own
    /// to the tree, which can be compared.
    static func root() throws -> Self { try made.get() }

    /// A root that no other image has.
    static func root(of owner: String) throws -> Self {
        var root = try tree()
        root.file("owner", owner)
        return try .gzip(root, fast)
    }

    /// What the whiteouts of `LayerMaker.oddities` hide. Overlayfs lists whiteouts in directories that one layer alone has.
    static func hidden() throws -> Self {
        var hidden = LayerMaker()
        for name in ["marks/", "marks/opaque/"] { hidden.directory(name) }
        for name in ["marks/gone", "marks/opaque/gone"] { hidden.file(name, "hidden") }
        return try .gzip(hidden)
    }

    /// Of the blob.
    var digest: String {
        get throws { try TestRegistry.digest(of: blob) }
    }

    private static let made = Result { try TestImage.Layer.gzip(tree(), fast) }
    private static let fast = ["gzip", "-n", "-1"]

    private static func tree() throws -> LayerMaker {
        var root = LayerMaker()
        for name in ["bin", "dev", "etc", "proc", "run", "sys", "tmp"] { root.directory(name + "/") }
        root.file("bin/busybox", Array(try Data(contentsOf: URL(fileURLWithPath: "/bin/busybox"))), .init(mode: 0o755))
        for name in ["cat", "echo", "find", "id", "ls", "sh", "sha256sum", "sleep", "stat"] {
            root.symlink("bin/" + name, to: "busybox")
        }
        for name in ["hostname", "hosts", "resolv.conf"] { root.file("etc/" + name, []) }
        return root
    }
}
