extension LayerTree {
    /// Where the bytes of `fileRange` lie in the tar, in file order and without gaps. The part behind the file's end is left out.
    package func extents(of number: NodeNumber, in fileRange: Range<Int64>) -> [Extent] {
        let node = storage.nodes[Int(number)]
        let low = max(fileRange.lowerBound, 0)
        let high = min(fileRange.upperBound, node.size)
        guard node.kind == .regular, low < high else { return [] }
        guard node.isSparse else {
            return [Extent(fileOffset: low, tarOffset: node.place + low, length: high - low)]
        }
        return sparseExtents(node, low, high)
    }

    private func sparseExtents(_ node: Node, _ low: Int64, _ high: Int64) -> [Extent] {
        var extents: [Extent] = []
        var position = low
        func addHole(to end: Int64) {
            guard position < end else { return }
            extents.append(Extent(fileOffset: position, tarOffset: nil, length: end - position))
            position = end
        }
        let pieces = storage.pieces[Int(node.first)..<Int(node.first) + Int(node.count)]
        var index = pieces.firstIndex(endingBehind: low)
        while index < pieces.endIndex, position < high, pieces[index].fileOffset < high {
            let piece = pieces[index]
            addHole(to: piece.fileOffset)
            let end = min(piece.fileOffset + piece.length, high)
            if position < end {
                extents.append(
                    Extent(
                        fileOffset: position, tarOffset: piece.tarOffset + (position - piece.fileOffset),
                        length: end - position))
                position = end
            }
            index += 1
        }
        addHole(to: high)
        return extents
    }

    package func xattrNames(of number: NodeNumber) -> [[UInt8]] {
        xattrs(of: number).map { storage.slice($0.name, Int($0.nameLength)) }
    }

    /// The value of one extended attribute; nil if the node has none of that name.
    package func xattr(_ name: [UInt8], of number: NodeNumber) -> [UInt8]? {
        for xattr in xattrs(of: number)
        where Int(xattr.nameLength) == name.count && storage.slice(xattr.name, name.count) == name {
            return storage.slice(xattr.value, Int(xattr.valueLength))
        }
        return nil
    }

    private func xattrs(of number: NodeNumber) -> ArraySlice<Xattr> {
        let node = storage.nodes[Int(number)]
        return storage.xattrs[Int(node.firstXattr)..<Int(node.firstXattr) + Int(node.xattrCount)]
    }
}

extension ArraySlice<SparseMap.Piece> {
    /// The first piece whose end lies behind `offset`.
    func firstIndex(endingBehind offset: Int64) -> Int {
        var low = startIndex
        var high = endIndex
        while low < high {
            let middle = (low + high) / 2
            if self[middle].fileOffset + self[middle].length <= offset { low = middle + 1 } else { high = middle }
        }
        return low
    }
}
