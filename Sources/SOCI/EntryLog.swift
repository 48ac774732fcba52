internal import LayerFormat

/// Entries in the order they came, packed into bytes: an index of a million entries must not cost a million objects.
struct EntryLog {
    private static let chunkSize = 64 * 1024

    private struct Chunk {
        var bytes: [UInt8] = []
        var starts: [UInt32] = []
    }

    private(set) var count = 0
    private var chunks: [Chunk] = []

    mutating func append(_ entry: TarEntry) {
        if chunks.last.map({ $0.bytes.count >= Self.chunkSize }) ?? true {
            var chunk = Chunk()
            chunk.bytes.reserveCapacity(Self.chunkSize + 4096)
            chunks.append(chunk)
        }
        let last = chunks.count - 1
        chunks[last].starts.append(UInt32(chunks[last].bytes.count))
        Self.pack(entry, into: &chunks[last].bytes)
        count += 1
    }

    /// Takes the newest entry off.
    mutating func popLast() -> TarEntry? {
        while let chunk = chunks.last {
            guard let start = chunk.starts.last else {
                chunks.removeLast()
                continue
            }
            var unpacking = Unpacking(bytes: chunk.bytes, position: Int(start))
            let entry = unpacking.entry()
            chunks[chunks.count - 1].starts.removeLast()
            count -= 1
            return entry
        }
        return nil
    }

    private static func pack(_ entry: TarEntry, into bytes: inout [UInt8]) {
        func put(_ value: UInt64) {
            var left = value
            while left >= 128 {
                bytes.append(UInt8(truncatingIfNeeded: left) | 128)
                left >>= 7
            }
            bytes.append(UInt8(left))
        }
        func put(_ text: [UInt8]) {
            put(UInt64(text.count))
            bytes += text
        }
        bytes.append(entry.kind.rawValue)
        put(entry.name)
        put(UInt64(bitPattern: entry.contentOffset))
        put(UInt64(bitPattern: entry.storedSize))
        put(entry.linkName)
        put(UInt64(entry.mode))
        put(UInt64(entry.uid))
        put(UInt64(entry.gid))
        put(entry.userName)
        put(entry.groupName)
        put(UInt64(bitPattern: entry.modified.seconds))
        put(UInt64(entry.modified.nanoseconds))
        put(UInt64(entry.deviceMajor))
        put(UInt64(entry.deviceMinor))
        put(UInt64(entry.records.count))
        for record in entry.records {
            put(record.key)
            put(record.value)
        }
    }

    private struct Unpacking {
        let bytes: [UInt8]
        var position: Int

        mutating func number() -> UInt64 {
            var value: UInt64 = 0
            var shift: UInt64 = 0
            while bytes[position] >= 128 {
                value |= UInt64(bytes[position] & 127) << shift
                shift += 7
                position += 1
            }
            value |= UInt64(bytes[position]) << shift
            position += 1
            return value
        }

        mutating func text() -> [UInt8] {
            let count = Int(number())
            defer { position += count }
            return Array(bytes[position..<position + count])
        }

        mutating func entry() -> TarEntry {
            let kind = TarEntry.Kind(rawValue: bytes[position]) ?? .regular
            position += 1
            // Arguments are evaluated from left to right, which is the order of packing.
            return TarEntry(
                name: text(), kind: kind, contentOffset: Int64(bitPattern: number()),
                storedSize: Int64(bitPattern: number()), linkName: text(), mode: UInt32(number()),
                uid: UInt32(number()), gid: UInt32(number()), userName: text(), groupName: text(),
                modified: Timestamp(seconds: Int64(bitPattern: number()), nanoseconds: UInt32(number())),
                deviceMajor: UInt32(number()), deviceMinor: UInt32(number()), records: records())
        }

        private mutating func records() -> [TarEntry.Record] {
            (0..<Int(number())).map { _ in TarEntry.Record(key: text(), value: text()) }
        }
    }
}
