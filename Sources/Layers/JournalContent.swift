package import OCI

/// What a journal file says: a pure function of its bytes. Any bytes give a value.
///
/// The file begins with 40 bytes that bind it to one layer: 8 of magic, the first half of the SHA-256 of the blob digest's text, 8 of
/// segment count, 8 of content size. A journal that is bound to something else says nothing.
package struct JournalContent: Sendable, Equatable {
    package struct Entry: Sendable, Equatable {
        package var checksum: [UInt8]
        /// False for what was written before the last `synced`.
        package var needsCheck: Bool
    }

    /// Present segments by number.
    package var segments: [Int: Entry] = [:]
    /// Segments that were there once and are not any more, whatever `isFilled` and `complete` say of the rest.
    package var dropped: Set<Int> = []
    /// The whole tar was written and verified; to be checked as a whole.
    package var isFilled = false
    /// Set if the whole tar is here and synced, to whether its diffID was checked.
    package var complete: Bool?
    package var isPoisoned = false
    /// Bytes of the file that are whole; what lies behind is torn and to be cut off. 0 if the header is missing or not ours.
    package var validLength: Int64 = 0

    static let magic: [UInt8] = Array("imgltjn1".utf8)
    static let headerSize = 40

    package static func header(blob: Digest, segmentCount: Int, contentSize: Int64) -> [UInt8] {
        var header = magic + Digest(of: Array(blob.description.utf8)).bytes.prefix(16)
        for value in [UInt64(segmentCount), UInt64(contentSize)] {
            for shift in 0..<8 { header.append(UInt8(truncatingIfNeeded: value >> (8 * UInt64(shift)))) }
        }
        return header
    }

    /// - Parameters:
    ///   - bytes: the whole file.
    ///   - header: what it must begin with.
    ///   - contentLength: length of a segment's content by number, nil if there is no such segment; records of others are dropped.
    package init(_ bytes: [UInt8], header: [UInt8], contentLength: (Int) -> Int64?) {
        guard bytes.starts(with: header) else { return }
        var offset = header.count
        while offset + JournalRecord.size <= bytes.count,
            let record = JournalRecord(bytes[offset..<offset + JournalRecord.size])
        {
            offset += JournalRecord.size
            apply(record, contentLength)
        }
        validLength = Int64(offset)
    }

    private mutating func apply(_ record: JournalRecord, _ contentLength: (Int) -> Int64?) {
        switch record {
        case .segment(let number, let length, let checksum):
            guard length > 0, contentLength(number) == length else { return }
            segments[number] = Entry(checksum: checksum, needsCheck: true)
            dropped.remove(number)
        case .dropped(let number):
            guard contentLength(number) != nil else { return }
            segments[number] = nil
            dropped.insert(number)
        case .emptied: (segments, dropped, isFilled, complete) = ([:], [], false, nil)
        case .synced:
            for number in segments.keys { segments[number]?.needsCheck = false }
        case .filled: isFilled = true
        case .complete(let checked): complete = checked
        case .poisoned: isPoisoned = true
        }
    }
}

extension JournalContent {
    /// A file that says the same in as few records as can be.
    package func written(header: [UInt8], contentLength: (Int) -> Int64?) -> [UInt8] {
        header + records(contentLength).flatMap(\.bytes)
    }

    func records(_ contentLength: (Int) -> Int64?) -> [JournalRecord] {
        let present = segments.sorted { $0.key < $1.key }.compactMap { number, entry in
            contentLength(number).map { length in
                (entry.needsCheck, JournalRecord.segment(number: number, length: length, checksum: entry.checksum))
            }
        }
        var records = present.filter { !$0.0 }.map(\.1)
        if !records.isEmpty { records.append(.synced) }
        records += present.filter(\.0).map(\.1)
        if isFilled { records.append(.filled) }
        // Of what was never said to be here as a whole, it need not be said that it is not.
        if isFilled || complete != nil { records += dropped.sorted().map { .dropped(number: $0) } }
        if let complete { records.append(.complete(checked: complete)) }
        if isPoisoned { records.append(.poisoned) }
        return records
    }
}
