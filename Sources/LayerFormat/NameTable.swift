/// Names in directories while a tree is built: a hash table over flat arrays, without an object or a string a name.
struct NameTable {
    struct Edge {
        var directory: LayerTree.NodeNumber
        var node: LayerTree.NodeNumber
        var name: UInt32
        var hash: UInt32
        var nameLength: UInt16
    }

    /// One a name and directory, in order of first use.
    private(set) var edges: [Edge] = []
    private(set) var text: [UInt8] = []
    /// Edge number + 1 at its hash's place or behind it; 0 is free. The count is a power of two.
    private var slots = [UInt32](repeating: 0, count: 64)
    /// Names come from strangers: without a seed they could be chosen to collide.
    private let seed = UInt64.random(in: 0...UInt64.max)

    /// The number of the edge called `name` in `directory`.
    func find(_ name: ArraySlice<UInt8>, in directory: LayerTree.NodeNumber) -> Int? {
        let hash = hash(name, directory)
        var slot = Int(hash) & (slots.count - 1)
        while slots[slot] != 0 {
            let number = Int(slots[slot]) - 1
            if edges[number].hash == hash, edges[number].directory == directory, equals(edges[number], name) {
                return number
            }
            slot = (slot + 1) & (slots.count - 1)
        }
        return nil
    }

    /// Makes `name` in `directory` lead to `node`, whatever it led to before.
    mutating func set(
        _ name: ArraySlice<UInt8>, in directory: LayerTree.NodeNumber, to node: LayerTree.NodeNumber
    ) throws(LayerFormatError) {
        if let number = find(name, in: directory) {
            edges[number].node = node
            return
        }
        let place = try store(name)
        if (edges.count + 1) * 4 > slots.count * 3 { grow() }
        let hash = hash(name, directory)
        edges.append(
            Edge(directory: directory, node: node, name: place, hash: hash, nameLength: UInt16(name.count)))
        insert(edges.count, hash)
    }

    mutating func redirect(_ edge: Int, to node: LayerTree.NodeNumber) { edges[edge].node = node }

    /// Appends bytes to the text and gives their place in it.
    mutating func store(_ bytes: ArraySlice<UInt8>) throws(LayerFormatError) -> UInt32 {
        guard let place = UInt32(exactly: text.count), bytes.count <= Int(UInt32.max) - text.count else {
            throw LayerFormatError(.tooLarge, "the layer's names and attributes have more than 4 GiB")
        }
        text.append(contentsOf: bytes)
        return place
    }

    private func equals(_ edge: Edge, _ name: ArraySlice<UInt8>) -> Bool {
        guard Int(edge.nameLength) == name.count else { return false }
        let start = Int(edge.name)
        for offset in 0..<name.count where text[start + offset] != name[name.startIndex + offset] { return false }
        return true
    }

    private mutating func insert(_ entry: Int, _ hash: UInt32) {
        var slot = Int(hash) & (slots.count - 1)
        while slots[slot] != 0 { slot = (slot + 1) & (slots.count - 1) }
        slots[slot] = UInt32(entry)
    }

    private mutating func grow() {
        slots = [UInt32](repeating: 0, count: slots.count * 2)
        for (number, edge) in edges.enumerated() { insert(number + 1, edge.hash) }
    }

    private func hash(_ name: ArraySlice<UInt8>, _ directory: LayerTree.NodeNumber) -> UInt32 {
        var state = seed
        func mix(_ word: UInt64) {
            let product = (state ^ word).multipliedFullWidth(by: 0x9e37_79b9_7f4a_7c15)
            state = product.high ^ product.low ^ seed
        }
        mix(UInt64(directory) << 32 | UInt64(name.count))
        var word: UInt64 = 0
        for (offset, byte) in name.enumerated() {
            word = word << 8 | UInt64(byte)
            if offset & 7 == 7 {
                mix(word)
                word = 0
            }
        }
        mix(word)
        mix(seed)
        return UInt32(truncatingIfNeeded: state)
    }
}
