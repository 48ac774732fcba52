/// The records of one PAX extended header (POSIX pax, Extended Header): `length key=value\n`, one behind the other.
struct PAXRecords {
    /// One record a key, the last one given; sorted by key bytewise. The repeated keys of GNU's sparse format 0.0 are folded into
    /// `GNU.sparse.map`.
    private(set) var values: [TarEntry.Record] = []

    init() {}

    /// - Parameter offset: where the records lie in the tar, for messages.
    init(_ bytes: [UInt8], at offset: Int64) throws(LayerFormatError) {
        var sparse: [[UInt8]] = []
        var rest = bytes[...]
        while !rest.isEmpty {
            guard let record = Self.next(&rest) else {
                throw LayerFormatError(.malformed, "the PAX header at \(offset) of the tar is broken")
            }
            let isOffset = record.key.elementsEqual("GNU.sparse.offset".utf8)
            if isOffset || record.key.elementsEqual("GNU.sparse.numbytes".utf8) {
                // They come in pairs, offset first.
                guard sparse.count.isMultiple(of: 2) == isOffset, TarNumber.decimal(record.value[...]) != nil else {
                    throw SparseMap.malformed
                }
                sparse.append(record.value)
                continue
            }
            values.append(record)
        }
        if !sparse.isEmpty {
            values.append(
                TarEntry.Record(key: SparseMap.mapKey, value: Array(sparse.joined(separator: [UInt8(ascii: ",")]))))
        }
        sort()
    }

    /// Sorts, and keeps the last of equal keys.
    private mutating func sort() {
        guard values.count > 1 else { return }
        // Swift's sort keeps the order of equals.
        let sorted = values.sorted { $0.key.lexicographicallyPrecedes($1.key) }
        values.removeAll(keepingCapacity: true)
        for record in sorted {
            if values.last?.key == record.key { values.removeLast() }
            values.append(record)
        }
    }

    private func index(_ key: some Collection<UInt8>) -> Int? {
        var low = 0
        var high = values.count
        while low < high {
            let middle = (low + high) / 2
            if values[middle].key.elementsEqual(key) { return middle }
            if values[middle].key.lexicographicallyPrecedes(key) { low = middle + 1 } else { high = middle }
        }
        return nil
    }

    subscript(_ key: String) -> [UInt8]? { index(key.utf8).map { values[$0].value } }

    /// The value, unless it is empty: an empty one leaves the header's field in force (soci.md 1.4).
    func filled(_ key: String) -> [UInt8]? {
        guard let value = self[key], !value.isEmpty else { return nil }
        return value
    }

    /// Takes over the records of a later global header: the later wins, an empty value withdraws the earlier (POSIX pax).
    mutating func update(with other: PAXRecords) {
        values += other.values
        sort()
        values.removeAll { $0.value.isEmpty }
    }

    mutating func set(_ key: [UInt8], _ value: [UInt8]) {
        values.append(TarEntry.Record(key: key, value: value))
        sort()
    }

    /// Bytes of all keys and values.
    var byteCount: Int { values.reduce(0) { $0 + $1.key.count + $1.value.count } }

    private static func next(_ rest: inout ArraySlice<UInt8>) -> TarEntry.Record? {
        guard let blank = rest.prefix(20).firstIndex(of: UInt8(ascii: " ")),
            let length = TarNumber.decimal(rest[rest.startIndex..<blank]), length > 0, length <= rest.count
        else { return nil }
        let end = rest.startIndex + Int(length)
        guard blank + 1 < end, rest[end - 1] == UInt8(ascii: "\n") else { return nil }
        let record = rest[blank + 1..<end - 1]
        guard let equals = record.firstIndex(of: UInt8(ascii: "=")), equals > record.startIndex,
            !record[record.startIndex..<equals].contains(0)
        else { return nil }
        rest = rest[end...]
        return TarEntry.Record(
            key: Array(record[record.startIndex..<equals]), value: Array(record[(equals + 1)...]))
    }
}
