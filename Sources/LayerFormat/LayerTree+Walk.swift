extension LayerTree.Builder {
    /// Symlinks on one path that are followed, as Linux's `MAXSYMLINKS`, and parts that are walked for one entry.
    private static let maximumHops = 40
    private static let maximumSteps = 8192

    /// The directory that `parts` of `path` lead to; makes what is missing, and puts a directory in the place of a file on the way.
    mutating func makeDirectory(
        _ path: EntryPath, _ parts: ArraySlice<Range<Int>>, time: Timestamp
    ) throws(LayerFormatError) -> LayerTree.NodeNumber {
        var current = LayerTree.root
        for (index, part) in zip(parts.indices, parts) {
            let name = path.bytes[part]
            let found = names.find(name, in: current).map { names.edges[$0].node }
            if let found, nodes[Int(found)].kind == .symlink {
                let rest = parts[(index + 1)...].map { path.bytes[$0] }
                guard let end = try follow(found, from: current, rest: rest, making: time) else { break }
                return end
            }
            current = try directory(found, name, in: current, time: time)
        }
        return current
    }

    /// The edge of an existing name; symlinks are followed in its parents, not in its last part.
    mutating func findEdge(_ path: EntryPath) throws(LayerFormatError) -> Int? {
        guard let last = path.parts.last else { return nil }
        var current = LayerTree.root
        let parents = path.parts.dropLast()
        for (index, part) in zip(parents.indices, parents) {
            guard let edge = names.find(path.bytes[part], in: current) else { return nil }
            let found = names.edges[edge].node
            switch nodes[Int(found)].kind {
            case .directory:
                current = found
            case .symlink:
                let rest = parents[(index + 1)...].map { path.bytes[$0] }
                guard let end = try follow(found, from: current, rest: rest, making: nil) else { return nil }
                return names.find(path.bytes[last], in: end)
            default:
                return nil
            }
        }
        return names.find(path.bytes[last], in: current)
    }

    /// Follows a symlink met on a path, inside the tree only: `/` and `..` end at the layer's root.
    /// - Parameter making: time of directories to make where the way is missing; nil gives nil instead.
    private mutating func follow(
        _ link: LayerTree.NodeNumber, from directory: LayerTree.NodeNumber, rest: [ArraySlice<UInt8>],
        making: Timestamp?
    ) throws(LayerFormatError) -> LayerTree.NodeNumber? {
        var current = directory
        var todo: [ArraySlice<UInt8>] = rest.reversed()
        var hops = 0
        var steps = 0
        func push(_ link: LayerTree.NodeNumber) {
            let node = nodes[Int(link)]
            let target = names.text[Int(node.first)..<Int(node.first) + Int(node.count)]
            if target.first == UInt8(ascii: "/") { current = LayerTree.root }
            todo += target.split(separator: UInt8(ascii: "/")).reversed()
            hops += 1
        }
        push(link)
        while let name = todo.popLast() {
            steps += 1
            guard hops <= Self.maximumHops, steps <= Self.maximumSteps else {
                throw LayerFormatError(.malformed, "symlinks lead around in a circle at '\(LayerName.shown(name))'")
            }
            if name.isDot { continue }
            if name.isDotDot {
                current = nodes[Int(current)].parent
                continue
            }
            let found = names.find(name, in: current).map { names.edges[$0].node }
            if let found, nodes[Int(found)].kind == .symlink {
                push(found)
            } else if let making {
                try LayerName.check(Array(name), limits)
                current = try self.directory(found, name, in: current, time: making)
            } else if let found, nodes[Int(found)].kind == .directory {
                current = found
            } else {
                return nil
            }
        }
        return current
    }

    /// `found` if it is a directory, else a new one in its place.
    private mutating func directory(
        _ found: LayerTree.NodeNumber?, _ name: ArraySlice<UInt8>, in parent: LayerTree.NodeNumber, time: Timestamp
    ) throws(LayerFormatError) -> LayerTree.NodeNumber {
        if let found, nodes[Int(found)].kind == .directory { return found }
        return try newDirectory(name, in: parent, time: time)
    }

    mutating func newDirectory(
        _ name: ArraySlice<UInt8>, in parent: LayerTree.NodeNumber, time: Timestamp
    ) throws(LayerFormatError) -> LayerTree.NodeNumber {
        let depth = nodes[Int(parent)].place + 1
        guard depth <= limits.depth else {
            throw LayerFormatError(
                .tooLarge, "'\(LayerName.shown(name))' has more than \(limits.depth) directories above it")
        }
        var node = LayerTree.Node(kind: .directory, mode: 0o755)
        node.parent = parent
        node.place = depth
        let number = try newNode(node)
        setTime(time, of: number)
        try names.set(name, in: parent, to: number)
        return number
    }
}
