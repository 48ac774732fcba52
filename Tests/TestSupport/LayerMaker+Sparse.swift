extension LayerMaker {
    /// A sparse file in each of GNU tar's four forms, one with more pieces than a header holds, and one that is a hole.
    /// - Parameters:
    ///   - paxOnly: leaves out the oldest form, which Go's tar reads and containerd refuses.
    ///   - isAligned: only pieces of whole blocks.
    mutating func addSparseFiles(_ paxOnly: Bool, _ isAligned: Bool) {
        directory("sparse")
        // As GNU tar writes them: whole blocks but for the last of them, and an empty piece at the end where the file ends in a hole.
        let pieces: [(offset: Int64, bytes: [UInt8])] = [
            (0, [UInt8](repeating: 1, count: 512)), (4096, [UInt8](repeating: 2, count: 1024)),
            isAligned ? (69_632, [UInt8](repeating: 3, count: 512)) : (70_000, [UInt8](repeating: 3, count: 24)),
            (100_000, []),
        ]
        var many = (0..<60).map { (offset: Int64($0) * 8192, bytes: [UInt8](repeating: UInt8($0), count: 512)) }
        many.append((60 * 8192, []))
        if !paxOnly {
            oldSparse("sparse/old", pieces, size: 100_000)
            oldSparse("sparse/many", many, size: 60 * 8192)
        }
        for version in ["0.0", "0.1", "1.0"] { paxSparse("sparse/" + version, pieces, size: 100_000, version) }
        paxSparse("sparse/many1.0", many, size: 60 * 8192, "1.0")
        paxSparse("sparse/hole", [(1_000_000, [])], size: 1_000_000, "1.0")
        file("sparse/behind", "what follows sparse files is in its place\n")
    }

    /// GNU tar's old form: type `S`, four pieces in the header, 21 in each block behind it.
    package mutating func oldSparse(_ name: String, _ pieces: [(offset: Int64, bytes: [UInt8])], size: Int64) {
        func numbers(_ pieces: some Sequence<(offset: Int64, bytes: [UInt8])>) -> [UInt8] {
            pieces.reduce(into: []) {
                $0 += TarBytes.number($1.offset, 12) + TarBytes.number(Int64($1.bytes.count), 12)
            }
        }
        var header = TarBytes.Header(name.utf8, flag: "S")
        header.magic = TarBytes.Header.gnuMagic
        header.size = Int64(pieces.reduce(0) { $0 + $1.bytes.count })
        header.patches = [
            (386, numbers(pieces.prefix(4))), (482, [pieces.count > 4 ? 1 : 0]), (483, TarBytes.number(size, 12)),
        ]
        tar.append(header)
        var rest = pieces.dropFirst(4)
        while !rest.isEmpty {
            var block = numbers(rest.prefix(21))
            block += [UInt8](repeating: 0, count: 512 - block.count)
            rest = rest.dropFirst(21)
            block[504] = rest.isEmpty ? 0 : 1
            tar.append(raw: block)
        }
        tar.append(content: pieces.flatMap(\.bytes))
    }

    /// GNU tar's PAX forms 0.0 (repeated keys), 0.1 (a map in one record) and 1.0 (a map before the content).
    package mutating func paxSparse(
        _ name: String, _ pieces: [(offset: Int64, bytes: [UInt8])], size: Int64, _ version: String
    ) {
        func text(_ value: some CustomStringConvertible) -> [UInt8] { Array(value.description.utf8) }
        var records: [(key: String, value: [UInt8])] = []
        var map: [UInt8] = []
        switch version {
        case "0.0":
            records = [("GNU.sparse.size", text(size)), ("GNU.sparse.numblocks", text(pieces.count))]
            for piece in pieces {
                records.append(("GNU.sparse.offset", text(piece.offset)))
                records.append(("GNU.sparse.numbytes", text(piece.bytes.count)))
            }
        case "0.1":
            let numbers = pieces.map { "\($0.offset),\($0.bytes.count)" }.joined(separator: ",")
            records = [
                ("GNU.sparse.size", text(size)), ("GNU.sparse.numblocks", text(pieces.count)),
                ("GNU.sparse.name", text(name)), ("GNU.sparse.map", text(numbers)),
            ]
        default:
            let numbers = ["\(pieces.count)"] + pieces.flatMap { ["\($0.offset)", "\($0.bytes.count)"] }
            map = text(numbers.map { $0 + "\n" }.joined())
            map += [UInt8](repeating: 0, count: -map.count & 511)
            records = [
                ("GNU.sparse.major", text(1)), ("GNU.sparse.minor", text(0)), ("GNU.sparse.name", text(name)),
                ("GNU.sparse.realsize", text(size)),
            ]
        }
        tar.append(records: records)
        let content = map + pieces.flatMap(\.bytes)
        var header = TarBytes.Header((version == "0.0" ? name : "GNUSparseFile.1/cut").utf8, flag: "0")
        header.size = Int64(content.count)
        tar.append(header)
        tar.append(content: content)
    }
}
