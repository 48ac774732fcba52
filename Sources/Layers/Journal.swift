internal import Linux
internal import Synchronization

/// The append-only record of what is present in a layer's tar. Its parser is `JournalContent`.
final class Journal: Sendable {
    private let file: File
    /// Where the next record goes. A record that fails half written is overwritten by the next.
    private let end: Mutex<Int64>

    private init(file: File, end: Int64) {
        self.file = file
        self.end = Mutex(end)
    }

    /// Longest journal that is read; a longer one says nothing.
    private static let maxSize: Int64 = 256 << 20

    /// Opens the journal at `path`, or starts it, and replays it. What is torn is cut off.
    static func open(
        _ path: String, header: [UInt8], contentLength: (Int) -> Int64?
    ) throws(LinuxError) -> (journal: Journal, content: JournalContent) {
        let file = try File(path, .readWriteCreate)
        let size = try file.size()
        let bytes = size <= maxSize ? try file.read(at: 0, count: Int(size)) : []
        let content = JournalContent(bytes, header: header, contentLength: contentLength)
        if content.validLength == 0 {
            try file.truncate(to: 0)
            try file.write(header, at: 0)
        } else if content.validLength < size {
            try file.truncate(to: content.validLength)
        }
        return (Journal(file: file, end: max(content.validLength, Int64(header.count))), content)
    }

    func append(_ record: JournalRecord) throws(LinuxError) { try append([record]) }

    /// All of `records`, or none counts: what a failure leaves of them is overwritten by the next.
    func append(_ records: [JournalRecord]) throws(LinuxError) {
        try end.withLock { end throws(LinuxError) in
            try file.write(records.flatMap(\.bytes), at: end)
            end += Int64(records.count * JournalRecord.size)
        }
    }

    func sync() throws(LinuxError) { try file.dataSync() }

    func allocatedBytes() throws(LinuxError) -> Int64 { try file.allocatedBytes() }
}
