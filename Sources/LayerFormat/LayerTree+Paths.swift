extension LayerTree {
    /// One path of each of `nodes`, as far as they are in the tree, in one walk; for people. A directory's has no slash at its end, the
    /// root's is `/`.
    package func paths(of nodes: Set<NodeNumber>) -> [NodeNumber: String] {
        var missing = nodes
        var found: [NodeNumber: String] = [:]
        if missing.remove(Self.root) != nil { found[Self.root] = "/" }
        var pending: [(directory: NodeNumber, path: [UInt8])] = [(Self.root, [])]
        while let (directory, path) = pending.popLast(), !missing.isEmpty {
            for child in children(of: directory) {
                let name = path + [UInt8(ascii: "/")] + child.name
                if missing.remove(child.node) != nil { found[child.node] = String(decoding: name, as: UTF8.self) }
                if attributes(of: child.node).kind == .directory { pending.append((child.node, name)) }
            }
        }
        return found
    }
}
