internal import Linux

/// The machine, as checks see it.
package protocol Machine: Sendable {
    /// The text of a file; nil if there is none, or it cannot be read.
    func text(_ path: String) -> String?
    /// Names in a directory; none if there is no such directory.
    func names(in directory: String) -> [String]
    /// When a file was changed last, in seconds since 1970; nil if there is none.
    func modificationTime(of path: String) -> Int64?
    /// Of the file system that `path` lies on, or will lie on; nil if it cannot be told.
    func space(at path: String) -> Space?
    /// Whether the kernel takes its clock for right.
    var clockIsSynchronized: Bool { get }
}

/// Room on a file system.
package struct Space: Sendable, Equatable {
    package var totalBytes: Int64
    package var availableBytes: Int64

    package init(totalBytes: Int64, availableBytes: Int64) {
        self.totalBytes = totalBytes
        self.availableBytes = availableBytes
    }
}

/// This machine.
package struct ThisMachine: Machine {
    /// More than any file that is looked at.
    private static let longestFile = 1 << 20

    package init() {}

    package func text(_ path: String) -> String? {
        guard let file = try? File(path) else { return nil }
        // Files of /proc have no size.
        var bytes: [UInt8] = []
        while bytes.count < Self.longestFile {
            guard let piece = try? file.read(at: Int64(bytes.count), count: 64 << 10) else { return nil }
            if piece.isEmpty { break }
            bytes += piece
        }
        return String(decoding: bytes, as: UTF8.self)
    }

    package func names(in directory: String) -> [String] { (try? Directory.entries(of: directory)) ?? [] }

    package func modificationTime(of path: String) -> Int64? { (try? FileStatus(path))?.modifiedSeconds }

    package func space(at path: String) -> Space? {
        var place = path
        while (try? Path.exists(place)) == false, place != "/" { place = Path.parent(of: place) }
        return (try? VolumeStatistics(of: place)).map {
            Space(totalBytes: $0.totalBytes, availableBytes: $0.availableBytes)
        }
    }

    package var clockIsSynchronized: Bool { SystemClock.isSynchronized }
}
