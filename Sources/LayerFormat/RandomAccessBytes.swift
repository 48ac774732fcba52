/// Random access to a file of bytes, for formats that do no I/O of their own.
package protocol RandomAccessBytes: Sendable {
    /// Size of the whole file in bytes.
    var size: Int64 { get }

    /// Exactly the bytes of `range` (upper bound exclusive), which lies in `0..<size`.
    /// - Throws: what the file's reader throws; fewer bytes than asked for are an error too.
    func bytes(in range: Range<Int64>) throws -> [UInt8]
}

/// A file that is in memory already.
package struct InMemoryBytes: RandomAccessBytes {
    private let content: [UInt8]

    package init(_ content: [UInt8]) { self.content = content }

    package var size: Int64 { Int64(content.count) }

    package func bytes(in range: Range<Int64>) throws -> [UInt8] {
        guard range.lowerBound >= 0, range.upperBound <= size else {
            throw LayerFormatError(.malformed, "bytes \(range) asked for of a file of \(size) bytes")
        }
        return Array(content[Int(range.lowerBound)..<Int(range.upperBound)])
    }
}
