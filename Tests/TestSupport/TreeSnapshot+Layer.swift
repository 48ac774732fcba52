internal import Hashing
package import LayerFormat

extension TreeSnapshot {
    /// The facts a `LayerTree` tells, with content cut out of the layer's tar.
    package init(of tree: LayerTree, tar: [UInt8]) {
        var inodes: [String: String] = [:]
        var waiting: [(path: [UInt8], node: LayerTree.NodeNumber)] = [([], LayerTree.root)]
        while let (path, node) = waiting.popLast() {
            let key = path.isEmpty ? "." : Self.shown(path)
            entries[key] = Self.facts(of: node, in: tree, tar: tar)
            inodes[key] = String(node)
            for child in tree.children(of: node) {
                waiting.append((path.isEmpty ? child.name : path + [UInt8(ascii: "/")] + child.name, child.node))
            }
        }
        markSameInodes(inodes)
    }

    private static func facts(of node: LayerTree.NodeNumber, in tree: LayerTree, tar: [UInt8]) -> Facts {
        let attributes = tree.attributes(of: node)
        let type: Character =
            switch attributes.kind {
            case .regular: "-"
            case .directory: "d"
            case .symlink: "l"
            case .characterDevice: "c"
            case .blockDevice: "b"
            case .fifo: "p"
            }
        var facts = Facts(
            type: type, mode: attributes.mode, uid: attributes.uid, gid: attributes.gid, size: attributes.size,
            seconds: attributes.modified.seconds, nanoseconds: Int64(attributes.modified.nanoseconds),
            linkCount: UInt64(attributes.linkCount))
        if type == "c" || type == "b" { facts.device = "\(attributes.deviceMajor):\(attributes.deviceMinor)" }
        facts.target = shown(tree.linkTarget(of: node))
        for name in tree.xattrNames(of: node) {
            facts.xattrs[shown(name)] = hex(tree.xattr(name, of: node) ?? [])
        }
        if type == "-" {
            var hasher = ContentHasher()
            for extent in tree.extents(of: node, in: 0..<attributes.size) {
                let count = Int(extent.length)
                if let start = extent.tarOffset {
                    hasher.update(Array(tar[Int(start)..<Int(start) + count]))
                } else {
                    hasher.update([UInt8](repeating: 0, count: count))
                }
            }
            facts.content = hex(hasher.finish())
        }
        return facts
    }
}
