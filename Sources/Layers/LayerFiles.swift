internal import LayerFormat
internal import Linux
internal import OCI

/// The files of one layer (design.md part 8), open.
struct LayerFiles: Sendable {
    /// The decompressed tar, sparse.
    let tar: File
    let tableOfContents: StoredTableOfContents
    let directory: String

    static func tarPath(_ directory: String) -> String { directory + "/layer.tar" }
    static func journalPath(_ directory: String) -> String { directory + "/journal" }
    static func metadataImagePath(_ directory: String) -> String { directory + "/meta.erofs" }
    static func tableOfContentsPath(_ directory: String) -> String { directory + "/ztoc" }
}

extension LinuxError {
    /// No space is left, or none that we may use.
    var isDiskFull: Bool { errno == .noSpace || errno == .quotaExceeded }
}

/// A table of contents on the disk; nothing of it is kept in memory.
struct StoredTableOfContents: RandomAccessBytes {
    let file: File
    let size: Int64

    init(_ path: String) throws(LinuxError) {
        file = try File(path)
        size = try file.size()
    }

    func bytes(in range: Range<Int64>) throws -> [UInt8] {
        guard range.lowerBound >= 0, range.upperBound <= size else {
            throw LayerFormatError(.malformed, "bytes \(range) asked for of a table of contents of \(size) bytes")
        }
        let bytes = try file.read(at: range.lowerBound, count: range.count)
        guard bytes.count == range.count else {
            throw LayerFormatError(.malformed, "the table of contents was cut to less than \(range.upperBound) bytes")
        }
        return bytes
    }
}
