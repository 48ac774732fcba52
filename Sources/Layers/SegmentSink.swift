internal import Hashing
internal import LayerFormat
internal import Linux

/// Takes the content of one segment in order, into the tar file; into memory from where the disk is full.
struct SegmentSink: ~Copyable {
    private let file: File
    private let content: Range<Int64>
    private let memoryLimit: Int64
    private var position: Int64
    private var checksum = ContentHasher()
    /// The whole content so far, once the disk is full.
    private var memory: [UInt8]?

    init(file: File, content: Range<Int64>, memoryLimit: Int64) {
        self.file = file
        self.content = content
        self.memoryLimit = memoryLimit
        position = content.lowerBound
    }

    mutating func write(_ bytes: [UInt8]) throws {
        guard Int64(bytes.count) <= content.upperBound - position else {
            throw LayerFormatError(
                .mismatch, "a segment decodes to more than its \(content.upperBound - content.lowerBound) bytes")
        }
        checksum.update(bytes)
        if memory == nil {
            if let full = try Self.put(bytes, in: file, at: position) { try goToMemory(full) }
        }
        memory?.append(contentsOf: bytes)
        position += Int64(bytes.count)
    }

    /// - Returns: the error if the disk is full.
    private static func put(_ bytes: [UInt8], in file: File, at position: Int64) throws(LinuxError) -> LinuxError? {
        do {
            try file.write(bytes, at: position)
            return nil
        } catch {
            guard error.isDiskFull else { throw error }
            return error
        }
    }

    private mutating func goToMemory(_ error: LinuxError) throws {
        guard content.upperBound - content.lowerBound <= memoryLimit else { throw error }
        var bytes = try file.read(at: content.lowerBound, count: Int(position - content.lowerBound))
        bytes.reserveCapacity(Int(content.upperBound - content.lowerBound))
        memory = bytes
        // What was written of it would only fill the disk further. A file system without holes keeps it: no harm.
        try? file.punchHole(content)
    }

    /// Ends the segment.
    /// - Returns: the first half of the content's SHA-256, and the content if it could not be written.
    consuming func finish() throws -> (checksum: [UInt8], held: [UInt8]?) {
        guard position == content.upperBound else {
            throw LayerFormatError(
                .mismatch,
                "a segment decodes to \(position - content.lowerBound) of \(content.upperBound - content.lowerBound) bytes"
            )
        }
        return (Array(checksum.finish().prefix(JournalRecord.checksumSize)), memory)
    }
}
