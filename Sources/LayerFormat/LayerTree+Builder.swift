extension LayerTree {
    /// Makes the tree of one layer from its entries, in tar order; total on hostile entries.
    ///
    /// The rules are those of an unpacker (soci.md 1.4 and part 9, rules 8 and 9; the module's page gives the reasons).
    package struct Builder {
        let limits: LayerLimits
        var nodes: [Node] = [Node(kind: .directory, mode: 0o755)]
        var names = NameTable()
        var pieces: [SparseMap.Piece] = []
        var xattrs: [Xattr] = []
        var entryCount = 0
        var rootIsNamed = false
        /// Hard links whose target has not come yet: a placeholder node, and the target's cleaned path.
        var pendingLinks: [(placeholder: NodeNumber, target: [UInt8])] = []
        var whiteouts: [Whiteout] = []
        var opaque: Set<NodeNumber> = []

        struct Whiteout {
            var directory: NodeNumber
            var name: [UInt8]
            var modified: Timestamp
        }

        package init(limits: LayerLimits = .standard) { self.limits = limits }

        /// Adds the next entry of the tar.
        /// - Throws: `LayerFormatError` if the entry cannot be part of a tree; the builder is of no use afterwards.
        package mutating func add(_ entry: TarEntry) throws(LayerFormatError) {
            entryCount += 1
            guard entryCount <= limits.entries else { throw Self.tooMany(limits) }
            try LayerName.check(entry.name, limits)
            let path = EntryPath(entry.name)
            guard let last = path.parts.last else { return try addRoot(entry) }
            if entryCount == 1 || !rootIsNamed && nodes.count == 1 {
                setTime(entry.modified, of: LayerTree.root)
            }
            // Parents that are marks themselves name nothing a reader may see.
            guard !path.parts.dropLast().contains(where: { Mark(path.bytes[$0]) != nil }) else { return }
            let directory = try makeDirectory(path, path.parts.dropLast(), time: entry.modified)
            let name = path.bytes[last]
            switch Mark(name) {
            case .opaque:
                opaque.insert(directory)
            case .whiteout(let hidden):
                whiteouts.append(Whiteout(directory: directory, name: Array(hidden), modified: entry.modified))
            case .ignored:
                break
            case nil:
                try addNode(entry, name, in: directory)
            }
        }

        private mutating func addRoot(_ entry: TarEntry) throws(LayerFormatError) {
            guard entry.kind == .directory else {
                throw LayerFormatError(
                    .malformed, "the entry '\(LayerName.shown(entry.name))' is the root, but not a directory")
            }
            rootIsNamed = true
            try setAttributes(entry, of: LayerTree.root)
        }

        private mutating func addNode(
            _ entry: TarEntry, _ name: ArraySlice<UInt8>, in directory: NodeNumber
        ) throws(LayerFormatError) {
            let old = names.find(name, in: directory).map { names.edges[$0].node }
            switch entry.kind {
            case .hardlink:
                try addLink(entry, name, in: directory)
            case .directory:
                // Two directories merge, the later one's attributes count.
                let number: NodeNumber
                if let old, nodes[Int(old)].kind == .directory {
                    number = old
                } else {
                    number = try newDirectory(name, in: directory, time: entry.modified)
                }
                try setAttributes(entry, of: number)
            case .regular, .symlink, .characterDevice, .blockDevice, .fifo:
                let number = try newNode(Node(kind: Self.kind(entry.kind)))
                try setAttributes(entry, of: number)
                try setContent(entry, of: number)
                try names.set(name, in: directory, to: number)
            }
        }

        private static func kind(_ kind: TarEntry.Kind) -> NodeKind {
            switch kind {
            case .regular, .hardlink: .regular
            case .directory: .directory
            case .symlink: .symlink
            case .characterDevice: .characterDevice
            case .blockDevice: .blockDevice
            case .fifo: .fifo
            }
        }

        mutating func newNode(_ node: Node) throws(LayerFormatError) -> NodeNumber {
            guard nodes.count <= limits.entries else { throw Self.tooMany(limits) }
            nodes.append(node)
            return NodeNumber(nodes.count - 1)
        }

        static func tooMany(_ limits: LayerLimits) -> LayerFormatError {
            LayerFormatError(.tooLarge, "the layer has more than \(limits.entries) entries")
        }
    }
}
