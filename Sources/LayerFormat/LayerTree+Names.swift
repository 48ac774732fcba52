extension LayerTree {
    /// The names of one directory, sorted bytewise.
    package struct Children: RandomAccessCollection, Sendable {
        let storage: Storage
        let first: Int
        package let count: Int

        package var startIndex: Int { 0 }
        package var endIndex: Int { count }

        package subscript(position: Int) -> (name: [UInt8], node: NodeNumber) {
            precondition(position >= 0 && position < count, "no such child")
            let edge = storage.edges[first + position]
            return (storage.slice(edge.name, Int(edge.nameLength)), edge.node)
        }
    }

    /// The names in directory `number`, without `.` and `..`; empty for all else.
    package func children(of number: NodeNumber) -> Children {
        let node = storage.nodes[Int(number)]
        let isDirectory = node.kind == .directory
        return Children(storage: storage, first: Int(node.first), count: isDirectory ? Int(node.count) : 0)
    }

    /// The node called `name` in directory `number`; nil if there is none, and for `.` and `..`.
    package func lookup(_ name: [UInt8], in number: NodeNumber) -> NodeNumber? {
        let node = storage.nodes[Int(number)]
        guard node.kind == .directory else { return nil }
        var low = Int(node.first)
        var high = low + Int(node.count)
        while low < high {
            let middle = (low + high) / 2
            let order = storage.compare(storage.edges[middle], with: name)
            if order == 0 { return storage.edges[middle].node }
            if order < 0 { low = middle + 1 } else { high = middle }
        }
        return nil
    }

    /// The node at a path from the root, by names alone: symlinks are not followed, `.` and empty parts are skipped.
    package func node(atPath path: String) -> NodeNumber? {
        var current = Self.root
        for part in path.utf8.split(separator: UInt8(ascii: "/")) where !part.elementsEqual(".".utf8) {
            guard let next = lookup(Array(part), in: current) else { return nil }
            current = next
        }
        return current
    }
}

extension LayerTree.Storage {
    /// Below 0, 0 or above 0 as the edge's name sorts before, equals or sorts after `name`.
    func compare(_ edge: LayerTree.Edge, with name: [UInt8]) -> Int {
        let length = Int(edge.nameLength)
        let start = Int(edge.name)
        for position in 0..<min(length, name.count) {
            let difference = Int(text[start + position]) - Int(name[position])
            if difference != 0 { return difference }
        }
        return length - name.count
    }
}
