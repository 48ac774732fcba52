internal import Linux
internal import Synchronization

/// The record of what is present in a layer's tar: appended to, and written anew when most of it speaks of what is no more. Its parser is
/// `JournalContent`.
final class Journal: Sendable {
    private struct State {
        var file: File
        /// Where the next record goes. A record that fails half written is overwritten by the next.
        var end: Int64
        /// Beyond this length it is written anew.
        var limit: Int64
        /// False if after a power cut its name may still be that of an older file.
        var isNamed = true
    }

    private let path: String
    private let header: [UInt8]
    private let contentLength: @Sendable (Int) -> Int64?
    private let state: Mutex<State>

    private init(
        _ path: String, header: [UInt8], contentLength: @escaping @Sendable (Int) -> Int64?, state: consuming State
    ) {
        self.path = path
        self.header = header
        self.contentLength = contentLength
        self.state = Mutex(state)
    }

    /// Longest journal that is read; a longer one says nothing.
    private static let maxSize: Int64 = 256 << 20

    /// How long a journal may become that would now be of `size` bytes: so each record is copied a few times at most.
    private static func limit(_ size: Int64) -> Int64 { 2 * size + 64 << 10 }

    /// Opens the journal at `path`, or starts it, and replays it. What is torn is cut off.
    static func open(
        _ path: String, header: [UInt8], contentLength: @escaping @Sendable (Int) -> Int64?
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
        let end = max(content.validLength, Int64(header.count))
        let needed = header.count + content.records(contentLength).count * JournalRecord.size
        let state = State(file: file, end: end, limit: limit(Int64(needed)))
        return (Journal(path, header: header, contentLength: contentLength, state: state), content)
    }

    func append(_ record: JournalRecord) throws(LinuxError) { try append([record]) }

    /// All of `records`, or none counts: what a failure leaves of them is overwritten by the next.
    func append(_ records: [JournalRecord]) throws(LinuxError) {
        try state.withLock { state throws(LinuxError) in
            try state.file.write(records.flatMap(\.bytes), at: state.end)
            state.end += Int64(records.count * JournalRecord.size)
            if state.end > state.limit { shorten(&state) }
        }
    }

    /// Writes the journal anew, with only what still counts. A failure leaves it as it is, and it is tried again later.
    private func shorten(_ state: inout State) {
        let aside = path + ".new"
        do {
            let bytes = try state.file.read(at: 0, count: Int(state.end))
            let content = JournalContent(bytes, header: header, contentLength: contentLength)
            let short = content.written(header: header, contentLength: contentLength)
            try Path.remove(aside)
            let file = try File(aside, .createExclusive)
            try file.write(short, at: 0)
            try file.sync()
            try Path.rename(aside, to: path)
            (state.file, state.end, state.isNamed) = (file, Int64(short.count), false)
        } catch {
            // A disk that is full, for instance.
            _ = try? Path.remove(aside)
        }
        state.limit = Self.limit(state.end)
    }

    /// Returns when all that was appended before is on the disk.
    func sync() throws(LinuxError) {
        let file = try state.withLock { state throws(LinuxError) -> File in
            if !state.isNamed { try Directory.sync(Path.parent(of: path)) }
            state.isNamed = true
            return state.file
        }
        try file.dataSync()
    }

    func allocatedBytes() throws(LinuxError) -> Int64 { try state.withLock(\.file).allocatedBytes() }
}
