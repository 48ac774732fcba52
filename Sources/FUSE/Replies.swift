internal import CFuse
package import Linux

/// The answer to a lookup.
package struct EntryReply: ~Copyable, Sendable {
    let request: PendingRequest

    package consuming func send(_ entry: Entry) {
        unsafe request.complete { raw in
            var parameters = entry.parameters
            return unsafe fuse_reply_entry(raw, &parameters)
        }
    }

    /// There is no such name, and the kernel may believe so for `validity`.
    package consuming func sendAbsent(for validity: Duration) {
        guard validity > .zero else { return request.fail(.noEntry) }
        unsafe request.complete { raw in
            var parameters = fuse_entry_param()
            parameters.entry_timeout = validity.inSeconds
            return unsafe fuse_reply_entry(raw, &parameters)
        }
    }

    package consuming func fail(_ errno: Errno) { request.fail(errno) }
}

/// The answer to stat.
package struct AttributesReply: ~Copyable, Sendable {
    let request: PendingRequest

    package consuming func send(_ attributes: Attributes, validFor validity: Duration) {
        unsafe request.complete { raw in
            var stat = attributes.stat
            return unsafe fuse_reply_attr(raw, &stat, validity.inSeconds)
        }
    }

    package consuming func fail(_ errno: Errno) { request.fail(errno) }
}

/// An answer of some bytes: a symlink's text.
package struct BytesReply: ~Copyable, Sendable {
    let request: PendingRequest

    /// - Parameter bytes: without NUL.
    package consuming func send(_ bytes: [UInt8]) {
        unsafe request.complete { raw in
            let text = bytes.map { CChar(bitPattern: $0) } + [0]
            return unsafe fuse_reply_readlink(raw, text)
        }
    }

    package consuming func fail(_ errno: Errno) { request.fail(errno) }
}

/// The answer to getxattr or listxattr: the bytes, or how many there are, as the caller asked.
package struct SizedReply: ~Copyable, Sendable {
    let request: PendingRequest
    /// Room the caller has; 0 asks for the length.
    let size: Int

    package consuming func send(_ bytes: [UInt8]) {
        let size = size
        if size == 0 {
            unsafe request.complete { raw in unsafe fuse_reply_xattr(raw, bytes.count) }
        } else if bytes.count > size {
            request.fail(.outOfRange)
        } else {
            unsafe request.complete { raw in
                unsafe bytes.withUnsafeBytes { buffer in
                    unsafe fuse_reply_buf(raw, buffer.baseAddress?.assumingMemoryBound(to: CChar.self), buffer.count)
                }
            }
        }
    }

    package consuming func fail(_ errno: Errno) { request.fail(errno) }
}

/// The answer to statfs.
package struct StatisticsReply: ~Copyable, Sendable {
    let request: PendingRequest

    package consuming func send(_ volume: VolumeStatistics) {
        unsafe request.complete { raw in
            var result = statvfs()
            result.f_bsize = UInt(clamping: volume.blockSize)
            result.f_frsize = UInt(clamping: volume.blockSize)
            result.f_blocks = fsblkcnt_t(volume.blocks)
            result.f_bfree = fsblkcnt_t(volume.freeBlocks)
            result.f_bavail = fsblkcnt_t(volume.availableBlocks)
            result.f_files = fsfilcnt_t(volume.inodes)
            result.f_ffree = fsfilcnt_t(volume.freeInodes)
            result.f_favail = fsfilcnt_t(volume.freeInodes)
            result.f_namemax = UInt(clamping: volume.nameLimit)
            return unsafe fuse_reply_statfs(raw, &result)
        }
    }

    package consuming func fail(_ errno: Errno) { request.fail(errno) }
}
