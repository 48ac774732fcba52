extension TarReader {
    /// A sparse file whose map is still coming.
    struct PendingSparse {
        var entry: TarEntry
        var local: PAXRecords
        /// Length of the file.
        var size: Int64
        var numbers: [Int64] = []
        /// Format 1.0: bytes of map read, digits of the number being read, and how many numbers are missing once that is known.
        var mapSize = 0
        var digits: [UInt8] = []
        var missing: Int64?

        mutating func takeNumber() -> Int64? {
            defer { digits.removeAll() }
            guard let number = TarNumber.decimal(digits[...]), number >= 0 else { return nil }
            return number
        }
    }

    /// Starts an old GNU sparse file (`S`): up to four runs are in the header, further ones in blocks behind it.
    mutating func startOldSparse(
        _ entry: TarEntry, _ old: TarHeader.OldSparse, _ local: PAXRecords, _ sink: (TarEntry) throws -> Void
    ) throws {
        let pending = PendingSparse(entry: entry, local: local, size: old.size, numbers: old.numbers)
        guard old.continues else { return try finishSparse(pending, sink) }
        sparse = pending
        collect(.oldSparseMap, size: TarHeader.size)
    }

    mutating func readOldSparseMap(_ sink: (TarEntry) throws -> Void) throws {
        guard var pending = sparse else { return }
        pending.numbers += try TarHeader.sparseNumbers(collected[0..<504], at: position - 512)
        guard pending.numbers.count * 8 <= limits.extendedHeaderSize else { throw Self.mapTooLarge }
        sparse = pending
        if collected[504] != 0 {
            collect(.oldSparseMap, size: TarHeader.size)
        } else {
            try finishSparse(pending, sink)
        }
    }

    /// Starts a PAX sparse file, and tells whether the entry is one (GNU tar manual, PAX Format, Versions 0.0, 0.1 and 1.0).
    mutating func startSparse(
        _ entry: inout TarEntry, _ local: PAXRecords, _ sink: (TarEntry) throws -> Void
    ) throws -> Bool {
        let version = [local.filled("GNU.sparse.major"), local.filled("GNU.sparse.minor")].map {
            $0.map { String(decoding: $0, as: UTF8.self) }
        }
        let mapIsContent = version == ["1", "0"]
        // Format 0.0 and early 0.1 carry no version.
        let isOld = version == ["0", "0"] || version == ["0", "1"] || version == [nil, nil]
        let sizeText = local.filled("GNU.sparse.size") ?? local.filled("GNU.sparse.realsize")
        guard mapIsContent || isOld, let sizeText else { return false }
        guard entry.kind == .regular, let size = TarNumber.decimal(sizeText[...]), size >= 0 else {
            throw SparseMap.malformed
        }
        if let name = local.filled("GNU.sparse.name") { entry.name = name }
        var pending = PendingSparse(entry: entry, local: local, size: size)
        if mapIsContent {
            guard entry.storedSize >= 512 else { throw SparseMap.malformed }
            sparse = pending
            collect(.contentMap, size: 512)
        } else {
            pending.numbers = try SparseMap.numbers(local["GNU.sparse.map"] ?? [])
            try finishSparse(pending, sink)
        }
        return true
    }

    /// Format 1.0: the count of runs, then offsets and lengths, a decimal number a line, padded to whole blocks.
    mutating func readContentMap(_ sink: (TarEntry) throws -> Void) throws {
        guard var pending = sparse else { return }
        pending.mapSize += 512
        guard pending.mapSize <= limits.extendedHeaderSize else { throw Self.mapTooLarge }
        pending.entry.storedSize -= 512
        sparse = nil
        for byte in collected {
            if byte == UInt8(ascii: "\n") {
                guard let number = pending.takeNumber() else { throw SparseMap.malformed }
                if let missing = pending.missing {
                    pending.numbers.append(number)
                    pending.missing = missing - 1
                } else {
                    guard number <= limits.extendedHeaderSize else { throw Self.mapTooLarge }
                    pending.missing = number * 2
                }
                if pending.missing == 0 { return try finishSparse(pending, sink) }
            } else {
                pending.digits.append(byte)
                guard pending.digits.count < 20 else { throw SparseMap.malformed }
            }
        }
        guard pending.entry.storedSize >= 512 else { throw SparseMap.malformed }
        sparse = pending
        collect(.contentMap, size: 512)
    }

    /// Checks the map, writes it into the entry's records in the one form everyone else reads, and delivers the entry.
    private mutating func finishSparse(_ pending: PendingSparse, _ sink: (TarEntry) throws -> Void) throws {
        sparse = nil
        var (entry, local) = (pending.entry, pending.local)
        entry.contentOffset = position
        _ = try SparseMap(
            pending.numbers, size: pending.size, contentOffset: position, storedSize: entry.storedSize)
        local.set(SparseMap.mapKey, SparseMap.text(pending.numbers))
        local.set(SparseMap.sizeKey, Array(String(pending.size).utf8))
        entry.records = local.values
        skip(entry.storedSize)
        try deliver(entry, sink)
    }

    private static let mapTooLarge = LayerFormatError(.tooLarge, "the map of a sparse file is too long")
}
