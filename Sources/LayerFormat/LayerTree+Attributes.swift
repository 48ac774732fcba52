extension LayerTree.Builder {
    mutating func setTime(_ time: Timestamp, of number: LayerTree.NodeNumber) {
        nodes[Int(number)].seconds = time.seconds
        nodes[Int(number)].nanoseconds = time.nanoseconds
    }

    /// Owner, mode, time and extended attributes.
    mutating func setAttributes(_ entry: TarEntry, of number: LayerTree.NodeNumber) throws(LayerFormatError) {
        let index = Int(number)
        // The kernel knows no other mode of a symlink.
        nodes[index].mode = entry.kind == .symlink ? 0o777 : UInt16(entry.mode & 0o7777)
        nodes[index].uid = entry.uid
        nodes[index].gid = entry.gid
        setTime(entry.modified, of: number)
        guard entry.modified.nanoseconds < 1_000_000_000 else {
            throw LayerFormatError(
                .malformed, "'\(LayerName.shown(entry.name))' has a time with more than 999,999,999 ns")
        }
        guard !entry.records.isEmpty else { return }
        // The attributes that overlayfs itself keeps are not a layer's to set: `redirect` would show other directories' content.
        let own = XattrRecord.all(in: entry.records).filter { !$0.name.starts(with: "trusted.overlay.".utf8) }
        if !own.isEmpty { try addXattrs(own, to: number) }
    }

    /// Adds attributes; one the node has already is replaced, as `setxattr` on a merged directory would do.
    mutating func addXattrs(_ added: [XattrRecord], to number: LayerTree.NodeNumber) throws(LayerFormatError) {
        let node = nodes[Int(number)]
        let start = xattrs.count
        for old in xattrs[Int(node.firstXattr)..<Int(node.firstXattr) + Int(node.xattrCount)] {
            let name = names.text[Int(old.name)..<Int(old.name) + Int(old.nameLength)]
            if !added.contains(where: { $0.name.elementsEqual(name) }) { xattrs.append(old) }
        }
        for xattr in added {
            // XATTR_NAME_MAX and XATTR_SIZE_MAX of Linux: more could not be unpacked either.
            guard (1...255).contains(xattr.name.count), !xattr.name.contains(0), xattr.value.count <= 65536 else {
                throw LayerFormatError(
                    .tooLarge, "the extended attribute '\(LayerName.shown(xattr.name))' is more than Linux can keep")
            }
            let name = try names.store(xattr.name[...])
            let value = try names.store(xattr.value[...])
            xattrs.append(
                LayerTree.Xattr(
                    name: name, value: value, valueLength: UInt32(xattr.value.count),
                    nameLength: UInt16(xattr.name.count)))
        }
        guard let count = UInt16(exactly: xattrs.count - start), let first = UInt32(exactly: start) else {
            throw LayerFormatError(.tooLarge, "a file has more than 65,535 extended attributes")
        }
        nodes[Int(number)].firstXattr = first
        nodes[Int(number)].xattrCount = count
    }

    /// What a file, symlink or device holds.
    mutating func setContent(_ entry: TarEntry, of number: LayerTree.NodeNumber) throws(LayerFormatError) {
        let index = Int(number)
        switch entry.kind {
        case .regular:
            try setFile(entry, index)
        case .symlink:
            try LayerName.checkLink(entry.linkName, limits)
            guard !entry.linkName.isEmpty else {
                throw LayerFormatError(.malformed, "the symlink '\(LayerName.shown(entry.name))' leads nowhere")
            }
            nodes[index].first = try names.store(entry.linkName[...])
            nodes[index].count = UInt32(entry.linkName.count)
            nodes[index].size = Int64(entry.linkName.count)
        case .characterDevice, .blockDevice:
            nodes[index].first = entry.deviceMajor
            nodes[index].count = entry.deviceMinor
        case .directory, .fifo, .hardlink:
            break
        }
    }

    private mutating func setFile(_ entry: TarEntry, _ index: Int) throws(LayerFormatError) {
        guard entry.contentOffset >= 0, entry.storedSize >= 0, entry.contentOffset <= limits.contentSize,
            entry.storedSize <= limits.contentSize - entry.contentOffset
        else {
            throw LayerFormatError(
                .malformed, "the content of '\(LayerName.shown(entry.name))' lies outside the layer")
        }
        nodes[index].place = entry.contentOffset
        nodes[index].size = entry.storedSize
        func record(_ key: [UInt8]) -> [UInt8]? { entry.records.first { $0.key == key }?.value }
        guard !entry.records.isEmpty, let size = record(SparseMap.sizeKey), let text = record(SparseMap.mapKey) else {
            return
        }
        guard let size = TarNumber.decimal(size[...]) else { throw SparseMap.malformed }
        let map = try SparseMap(
            SparseMap.numbers(text), size: size, contentOffset: entry.contentOffset, storedSize: entry.storedSize)
        guard let first = UInt32(exactly: pieces.count), let count = UInt32(exactly: map.pieces.count) else {
            throw LayerFormatError(.tooLarge, "the layer's sparse files have too many pieces")
        }
        pieces += map.pieces
        nodes[index].first = first
        nodes[index].count = count
        nodes[index].size = map.size
        nodes[index].isSparse = true
    }
}
