extension TarReader {
    mutating func readHeader(_ entry: (TarEntry) throws -> Void) throws {
        let offset = position - Int64(TarHeader.size)
        if collected.first == 0, collected.allSatisfy({ $0 == 0 }) {
            let isSecond = stage == .secondZeroBlock
            collect(isSecond ? .ended : .secondZeroBlock, size: TarHeader.size)
            return
        }
        guard stage == .header else {
            throw LayerFormatError(.malformed, "the tar goes on at \(offset), behind a zero block")
        }
        let header = try TarHeader(collected, at: offset)
        switch header.flag {
        case UInt8(ascii: "x"), UInt8(ascii: "X"):
            try collectExtension(.records(global: false), header)
        case UInt8(ascii: "g"):
            try collectExtension(.records(global: true), header)
        case UInt8(ascii: "L"):
            try collectExtension(.longName, header)
        case UInt8(ascii: "K"):
            try collectExtension(.longLink, header)
        default:
            try readEntry(header, entry)
        }
    }

    private mutating func collectExtension(_ stage: Stage, _ header: TarHeader) throws(LayerFormatError) {
        let cap = stage == .longName || stage == .longLink ? limits.nameLength + 1 : limits.extendedHeaderSize
        guard header.size >= 0, header.size <= cap else {
            throw LayerFormatError(
                .tooLarge,
                "an extended header at \(position) of the tar has \(header.size) bytes; at most \(cap) are read")
        }
        collect(stage, size: Int(header.size))
        // Nothing to wait for: an empty extension is complete at once.
        if header.size == 0 { try readExtension() }
    }

    mutating func readExtension() throws(LayerFormatError) {
        let content = Array(collected.prefix(extendedSize))
        switch stage {
        case .records(let global):
            let read = try PAXRecords(content, at: position - Int64(collected.count))
            if global {
                globals.update(with: read)
                guard globals.byteCount <= limits.extendedHeaderSize else {
                    throw LayerFormatError(.tooLarge, "the tar's global PAX headers have too many records")
                }
            } else {
                records = read
            }
        case .longName:
            longName = TarHeader.text(content[...])
        case .longLink:
            longLink = TarHeader.text(content[...])
        default:
            break
        }
        collect(.header, size: TarHeader.size)
    }

    /// Treats the header of an entry; the merged fields become a `TarEntry` unless the type has none.
    private mutating func readEntry(_ header: TarHeader, _ entry: (TarEntry) throws -> Void) throws {
        let offset = position - Int64(TarHeader.size)
        entryCount += 1
        guard entryCount <= limits.entries else {
            throw LayerFormatError(.tooLarge, "the tar has more than \(limits.entries) entries")
        }
        let local = records ?? PAXRecords()
        records = nil
        var merged = try merge(header, local, at: offset)
        defer { (longName, longLink) = (nil, nil) }
        guard merged.size >= 0, merged.size <= .max - position - 512 else {
            throw LayerFormatError(.malformed, "the tar entry at \(offset) claims \(merged.size) bytes")
        }
        guard let kind = try kind(header.flag, name: merged.entry.name, at: offset) else {
            skip(merged.size)
            return
        }
        merged.entry.kind = kind
        merged.entry.contentOffset = position
        // Go and GNU tar alike: no content follows a link, device or directory, whatever its size field says; GNU's own
        // directory dumps ('D') are the exception.
        let stored = kind == .regular || header.flag == UInt8(ascii: "D") ? merged.size : 0
        if kind == .regular { merged.entry.storedSize = stored }
        if header.flag == UInt8(ascii: "S") {
            guard let old = header.sparse else { throw SparseMap.malformed }
            try startOldSparse(merged.entry, old, local, entry)
        } else if try !startSparse(&merged.entry, local, entry) {
            skip(stored)
            merged.entry.records = local.values
            try deliver(merged.entry, entry)
        }
    }

    /// The entry's kind by its type flag; nil for a type that makes no entry.
    private func kind(_ flag: UInt8, name: [UInt8], at offset: Int64) throws(LayerFormatError) -> TarEntry.Kind? {
        switch flag {
        case 0: name.last == UInt8(ascii: "/") ? .directory : .regular
        case UInt8(ascii: "0"), UInt8(ascii: "7"), UInt8(ascii: "S"): .regular
        case UInt8(ascii: "1"): .hardlink
        case UInt8(ascii: "2"): .symlink
        case UInt8(ascii: "3"): .characterDevice
        case UInt8(ascii: "4"): .blockDevice
        case UInt8(ascii: "5"), UInt8(ascii: "D"): .directory
        case UInt8(ascii: "6"): .fifo
        case UInt8(ascii: "M"):
            throw LayerFormatError(
                .unsupported, "the tar is one volume of several: the file at \(offset) starts in another")
        default: nil
        }
    }

    /// Jumps over content and its padding, then reads headers again.
    mutating func skip(_ size: Int64) {
        contentToSkip = size
        paddingToSkip = Self.padding(of: size)
        collect(.header, size: TarHeader.size)
    }

    func deliver(_ entry: TarEntry, _ sink: (TarEntry) throws -> Void) throws {
        try LayerName.check(entry.name, limits)
        if entry.kind == .symlink || entry.kind == .hardlink { try LayerName.checkLink(entry.linkName, limits) }
        try sink(entry)
    }
}
