extension LayerTree.Builder {
    /// A hard link: shares its target's node, now or, if the target comes later in the tar, at the end.
    mutating func addLink(
        _ entry: TarEntry, _ name: ArraySlice<UInt8>, in directory: LayerTree.NodeNumber
    ) throws(LayerFormatError) {
        try LayerName.checkLink(entry.linkName, limits)
        let path = EntryPath(entry.linkName)
        if let edge = try findEdge(path) {
            let target = names.edges[edge].node
            guard nodes[Int(target)].kind != .directory else { throw Self.badTarget(entry.linkName, "is a directory") }
            try names.set(name, in: directory, to: target)
        } else {
            let placeholder = try newNode(LayerTree.Node(kind: .regular))
            pendingLinks.append((placeholder, entry.linkName))
            try names.set(name, in: directory, to: placeholder)
        }
    }

    /// Gives the names that wait for a later target the target's node.
    mutating func resolvePendingLinks() throws(LayerFormatError) {
        guard !pendingLinks.isEmpty else { return }
        var targets: [LayerTree.NodeNumber: (node: LayerTree.NodeNumber, text: [UInt8])] = [:]
        for link in pendingLinks {
            guard let edge = try findEdge(EntryPath(link.target)) else {
                throw Self.badTarget(link.target, "is not in the layer")
            }
            let target = names.edges[edge].node
            guard nodes[Int(target)].kind != .directory else { throw Self.badTarget(link.target, "is a directory") }
            targets[link.placeholder] = (target, link.target)
        }
        // A target may be such a link itself. Each chain is walked once: what it ends at is remembered for all of it.
        for link in pendingLinks {
            var chain: [LayerTree.NodeNumber] = []
            var current = link.placeholder
            while let next = targets[current] {
                guard chain.count < pendingLinks.count else { throw Self.badTarget(next.text, "leads back to itself") }
                chain.append(current)
                current = next.node
            }
            for member in chain { targets[member]?.node = current }
        }
        for index in names.edges.indices {
            if let target = targets[names.edges[index].node] { names.redirect(index, to: target.node) }
        }
    }

    private static func badTarget(_ target: [UInt8], _ why: String) -> LayerFormatError {
        LayerFormatError(.malformed, "the target '\(LayerName.shown(target))' of a hard link \(why)")
    }

    /// Makes the devices that hide names of lower layers.
    ///
    /// Where the layer has the name itself, only what lower layers have below it must vanish: a directory becomes opaque, for the image
    /// specification lets a whiteout hide lower layers' files alone, wherever in the tar it stands.
    mutating func applyMarks() throws(LayerFormatError) {
        for whiteout in whiteouts {
            if let edge = names.find(whiteout.name[...], in: whiteout.directory) {
                let node = names.edges[edge].node
                if nodes[Int(node)].kind == .directory { opaque.insert(node) }
                continue
            }
            let number = try newNode(LayerTree.Node(kind: .characterDevice))
            setTime(whiteout.modified, of: number)
            try names.set(whiteout.name[...], in: whiteout.directory, to: number)
        }
        let mark = XattrRecord(name: Array("trusted.overlay.opaque".utf8), value: [UInt8(ascii: "y")])
        for directory in opaque.sorted() { try addXattrs([mark], to: directory) }
    }
}
