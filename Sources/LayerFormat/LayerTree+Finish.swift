extension LayerTree.Builder {
    /// Ends the layer: links find their targets, marks become nodes, and what no name leads to is dropped.
    /// - Throws: `LayerFormatError`, such as for a hard link whose target the layer does not have.
    package consuming func finish() throws(LayerFormatError) -> LayerTree {
        try resolvePendingLinks()
        try applyMarks()
        let order = edgesByDirectory()
        let numbers = newNumbers(order)
        return LayerTree(storage: makeStorage(order, numbers))
    }

    /// Edge numbers grouped by directory, and where each directory's group begins.
    private struct EdgeOrder {
        var edges: [UInt32]
        var starts: [UInt32]

        func group(_ directory: Int) -> Range<Int> { Int(starts[directory])..<Int(starts[directory + 1]) }
    }

    private func edgesByDirectory() -> EdgeOrder {
        var starts = [UInt32](repeating: 0, count: nodes.count + 1)
        for edge in names.edges { starts[Int(edge.directory) + 1] += 1 }
        for index in 1..<starts.count { starts[index] += starts[index - 1] }
        var next = starts
        var edges = [UInt32](repeating: 0, count: names.edges.count)
        for (number, edge) in names.edges.enumerated() {
            edges[Int(next[Int(edge.directory)])] = UInt32(number)
            next[Int(edge.directory)] += 1
        }
        return EdgeOrder(edges: edges, starts: starts)
    }

    /// The final number of each node that a name leads to, in order of making; `UInt32.max` for the rest.
    private func newNumbers(_ order: EdgeOrder) -> [UInt32] {
        var numbers = [UInt32](repeating: .max, count: nodes.count)
        numbers[0] = 0
        var waiting: [UInt32] = [0]
        while let directory = waiting.popLast() {
            for position in order.group(Int(directory)) {
                let node = names.edges[Int(order.edges[position])].node
                guard numbers[Int(node)] == .max else { continue }
                numbers[Int(node)] = 0
                if nodes[Int(node)].kind == .directory { waiting.append(node) }
            }
        }
        var count: UInt32 = 0
        for index in numbers.indices where numbers[index] != .max {
            numbers[index] = count
            count += 1
        }
        return numbers
    }

    private func makeStorage(_ order: EdgeOrder, _ numbers: [UInt32]) -> LayerTree.Storage {
        var parts = Parts(names: names)
        parts.nodes.reserveCapacity(numbers.reduce(0) { $1 == .max ? $0 : $0 + 1 })
        parts.text.reserveCapacity(names.text.count)
        parts.edges.reserveCapacity(names.edges.count)
        for (old, number) in numbers.enumerated() where number != .max {
            var node = nodes[old]
            node.linkCount = 0
            switch node.kind {
            case .directory:
                node.place = 0
                node.linkCount = 2
                node.parent = numbers[Int(node.parent)]
                node.first = UInt32(parts.edges.count)
                node.count = UInt32(order.group(old).count)
                parts.appendSorted(order.edges[order.group(old)], numbers)
            case .symlink:
                node.first = parts.copy(node.first, Int(node.count))
            default:
                break
            }
            let first = UInt32(parts.xattrs.count)
            for xattr in xattrs[Int(node.firstXattr)..<Int(node.firstXattr) + Int(node.xattrCount)] {
                parts.append(xattr)
            }
            node.firstXattr = first
            parts.nodes.append(node)
        }
        parts.countLinks()
        return LayerTree.Storage(
            nodes: parts.nodes, edges: parts.edges, text: parts.text, pieces: pieces, xattrs: parts.xattrs)
    }
}

/// The arrays of a finished tree, each directory's names together.
private struct Parts {
    let names: NameTable
    var nodes: [LayerTree.Node] = []
    var edges: [LayerTree.Edge] = []
    var text: [UInt8] = []
    var xattrs: [LayerTree.Xattr] = []

    init(names: NameTable) { self.names = names }

    mutating func copy(_ start: UInt32, _ count: Int) -> UInt32 {
        let place = UInt32(text.count)
        text.append(contentsOf: names.text[Int(start)..<Int(start) + count])
        return place
    }

    mutating func append(_ xattr: LayerTree.Xattr) {
        var moved = xattr
        moved.name = copy(xattr.name, Int(xattr.nameLength))
        moved.value = copy(xattr.value, Int(xattr.valueLength))
        xattrs.append(moved)
    }

    mutating func appendSorted(_ group: ArraySlice<UInt32>, _ numbers: [UInt32]) {
        // Most writers sort already.
        let isSorted = zip(group, group.dropFirst()).allSatisfy { precedes($0, $1) }
        for number in isSorted ? Array(group) : group.sorted(by: precedes) {
            let edge = names.edges[Int(number)]
            let name = copy(edge.name, Int(edge.nameLength))
            edges.append(LayerTree.Edge(name: name, node: numbers[Int(edge.node)], nameLength: edge.nameLength))
        }
    }

    private func precedes(_ first: UInt32, _ second: UInt32) -> Bool {
        let (one, two) = (names.edges[Int(first)], names.edges[Int(second)])
        let (start, other) = (Int(one.name), Int(two.name))
        for position in 0..<Int(min(one.nameLength, two.nameLength)) {
            let (left, right) = (names.text[start + position], names.text[other + position])
            if left != right { return left < right }
        }
        return one.nameLength < two.nameLength
    }

    /// A directory has a name in its parent, its `.` and its children's `..`; all else has as many links as names.
    mutating func countLinks() {
        for edge in edges where nodes[Int(edge.node)].kind != .directory { nodes[Int(edge.node)].linkCount += 1 }
        for (number, node) in nodes.enumerated() where number > 0 && node.kind == .directory {
            nodes[Int(node.parent)].linkCount += 1
        }
    }
}
