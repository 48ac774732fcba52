internal import CLinux
internal import Glibc

/// An open regular file, read and written at offsets, from any thread.
///
/// All calls may wait for the disk. Offsets and lengths are bytes; ranges exclude their upper bound.
package final class File: Sendable {
    package enum Mode: Sendable {
        /// An existing file, to read.
        case read
        /// An existing file, to read and write.
        case readWrite
        /// To read and write; made if it isn't there.
        case readWriteCreate
        /// To read and write; it must not exist yet.
        case createExclusive
        /// To read, and to write at the end only; made if it isn't there. Needed for `append`.
        case append
    }

    /// The path it was opened by; it may have been renamed since.
    package let path: String
    private let mode: Mode
    let descriptor: Int32

    /// - Parameter permissions: of a file that is made, before the umask.
    package init(_ path: String, _ mode: Mode = .read, permissions: UInt32 = 0o600) throws(LinuxError) {
        let flags =
            switch mode {
            case .read: O_RDONLY
            case .readWrite: O_RDWR
            case .readWriteCreate: O_RDWR | O_CREAT
            case .createExclusive: O_RDWR | O_CREAT | O_EXCL
            case .append: O_RDWR | O_CREAT | O_APPEND
            }
        let opened = try OwnedDescriptor(opening: path, flags: flags, mode: permissions)
        self.path = path
        self.mode = mode
        self.descriptor = opened.take()
    }

    deinit { _ = Glibc.close(descriptor) }

    /// Fills `buffer` from `offset`.
    /// - Returns: the bytes read; fewer than `buffer` has room for only at the end of the file.
    package func read(at offset: Int64, into buffer: inout MutableSpan<UInt8>) throws(LinuxError) -> Int {
        try unsafe buffer.withUnsafeMutableBufferPointer { target throws(LinuxError) -> Int in
            var done = 0
            while done < target.count, let start = target.baseAddress {
                let count = try system("pread", path) {
                    unsafe pread(descriptor, start + done, target.count - done, off_t(offset) + done)
                }
                if count == 0 { break }
                done += count
            }
            return done
        }
    }

    /// Up to `count` bytes from `offset`; fewer only at the end of the file.
    package func read(at offset: Int64, count: Int) throws(LinuxError) -> [UInt8] {
        // The capacity is the caller's word; callers cap what comes from outside.
        var bytes = [UInt8](repeating: 0, count: count)
        var span = bytes.mutableSpan
        let done = try read(at: offset, into: &span)
        bytes.removeLast(count - done)
        return bytes
    }

    /// Writes all of `bytes` at `offset`, or throws having written any part. Not for `Mode.append`.
    package func write(_ bytes: borrowing Span<UInt8>, at offset: Int64) throws(LinuxError) {
        // pwrite(2), BUGS: with O_APPEND Linux writes at the end whatever the offset.
        precondition(mode != .append, "write(at:) on a file opened to append")
        try unsafe bytes.withUnsafeBufferPointer { source throws(LinuxError) in
            var done = 0
            while done < source.count, let start = source.baseAddress {
                done += try system("pwrite", path) {
                    unsafe pwrite(descriptor, start + done, source.count - done, off_t(offset) + done)
                }
            }
        }
    }

    package func write(_ bytes: [UInt8], at offset: Int64) throws(LinuxError) {
        try write(bytes.span, at: offset)
    }

    /// Writes all of `bytes` at the end, or throws having written any part. Only for `Mode.append`.
    package func append(_ bytes: [UInt8]) throws(LinuxError) {
        precondition(mode == .append, "append on a file not opened to append")
        try unsafe bytes.withUnsafeBufferPointer { source throws(LinuxError) in
            var done = 0
            while done < source.count, let start = source.baseAddress {
                done += try system("write", path) {
                    unsafe Glibc.write(descriptor, start + done, source.count - done)
                }
            }
        }
    }
}

extension File {
    /// What fstat(2) says now.
    package func status() throws(LinuxError) -> FileStatus {
        var raw = stat()
        try system("fstat", path) { unsafe fstat(descriptor, &raw) }
        return FileStatus(raw)
    }

    /// Logical length.
    package func size() throws(LinuxError) -> Int64 { try status().size }

    /// Bytes that lie on the disk, holes left out; the file system's blocks, so rounded.
    package func allocatedBytes() throws(LinuxError) -> Int64 { try status().allocatedBytes }

    /// Cuts or, with a hole, lengthens to `size`.
    package func truncate(to size: Int64) throws(LinuxError) {
        try system("ftruncate", path) { ftruncate(descriptor, off_t(size)) }
    }

    /// Returns when content and metadata are on the disk.
    package func sync() throws(LinuxError) {
        try system("fsync", path) { fsync(descriptor) }
    }

    /// Returns when the content, and what of the metadata is needed to read it, is on the disk.
    package func dataSync() throws(LinuxError) {
        try system("fdatasync", path) { fdatasync(descriptor) }
    }

    /// Makes now the time of its last change, whatever it was opened for.
    package func touch() throws(LinuxError) {
        try system("futimens", path) { futimens(descriptor, nil) }
    }

    /// Frees the bytes of `range`; they read as zeros, the length stays. Blocks that `range` covers in part are only zeroed.
    package func punchHole(_ range: Range<Int64>) throws(LinuxError) {
        guard !range.isEmpty else { return }
        try system("fallocate", path) {
            imagelet_punch_hole(descriptor, range.lowerBound, range.upperBound - range.lowerBound)
        }
    }

    /// The first offset at or behind `offset` that is not in a hole; nil if only a hole follows.
    package func firstData(from offset: Int64) throws(LinuxError) -> Int64? { try seek(offset, toData: true) }

    /// The first offset at or behind `offset` that is in a hole (the end of the file counts as one); nil behind the end.
    package func firstHole(from offset: Int64) throws(LinuxError) -> Int64? { try seek(offset, toData: false) }

    /// The parts of the file that are not holes, in order. Granularity is the file system's block.
    package func dataExtents() throws(LinuxError) -> [Range<Int64>] {
        var extents: [Range<Int64>] = []
        var offset: Int64 = 0
        while let start = try firstData(from: offset), let end = try firstHole(from: start), end > start {
            extents.append(start..<end)
            offset = end
        }
        return extents
    }

    private func seek(_ offset: Int64, toData: Bool) throws(LinuxError) -> Int64? {
        do {
            return try system("lseek", path) { imagelet_seek_sparse(descriptor, offset, toData ? 1 : 0) }
        } catch let error where error.errno == .noSuchAddress {
            return nil
        }
    }

    /// Has the kernel read all of the file into its cache, and does not wait for it. Costs little where it is there already.
    package func readAhead() throws(LinuxError) {
        // One call reads no more than the device takes at once.
        let step: Int64 = 512 << 10
        for offset in stride(from: 0, to: try size(), by: Int(step)) {
            let failure = posix_fadvise(descriptor, off_t(offset), off_t(step), POSIX_FADV_WILLNEED)
            guard failure == 0 else { throw LinuxError(Errno(rawValue: failure), "posix_fadvise", path) }
        }
    }

    /// Whether the file is open elsewhere, also in the kernel, such as under a file system that lies on it. True where this cannot be told.
    ///
    /// A lease to write is given only to the one who has a file open (fcntl(2), F_SETLEASE); it is given back at once. For files opened to
    /// read and write.
    package func isOpenElsewhere() -> Bool {
        // Whoever opens the file in this moment makes the kernel send us a signal: one that does nothing, not SIGIO, which ends us.
        guard fcntl(descriptor, Self.setSignal, SIGURG) == 0 else { return true }
        guard fcntl(descriptor, Self.setLease, Int32(F_WRLCK)) == 0 else { return true }
        _ = fcntl(descriptor, Self.setLease, Int32(F_UNLCK))
        return false
    }

    /// F_SETSIG and F_SETLEASE, which Glibc's module does not show.
    private static let setSignal: Int32 = 10
    private static let setLease: Int32 = 1024

    /// Takes the file's advisory lock for as long as this object lives.
    /// - Returns: false if another open file has it.
    package func tryLock() throws(LinuxError) -> Bool {
        do {
            try system("flock", path) { flock(descriptor, LOCK_EX | LOCK_NB) }
            return true
        } catch let error where error.errno == .tryAgain {
            return false
        }
    }
}
