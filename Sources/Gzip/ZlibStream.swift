internal import CZlib

/// One zlib inflater with its output buffer: decodes gzip members and stops at every deflate block border.
///
/// The stream lies on the heap because zlib keeps a pointer to it and refuses one that moved.
@safe struct ZlibStream: ~Copyable {
    /// Where a call stopped.
    struct Stop {
        /// Directly behind a member's header, or between two blocks.
        var isBoundary: Bool
        /// The block just read was the member's last.
        var isLastBlock: Bool
        /// Bits of the last byte taken that are not used yet.
        var unusedBits: UInt8
        /// The member's trailer was read, and its checksum and length hold.
        var isMemberEnd: Bool
        /// Bytes were taken or given.
        var hasProgress: Bool
    }

    /// Large enough that the calls and copies around zlib do not count, small enough to stay in the second level cache.
    static let outputCapacity = 256 * 1024

    private let stream: UnsafeMutablePointer<z_stream>
    private let output: UnsafeMutablePointer<UInt8>
    /// Bytes of content in the output buffer.
    private(set) var filled = 0

    var isFull: Bool { filled == Self.outputCapacity }

    init() {
        unsafe stream = .allocate(capacity: 1)
        unsafe stream.initialize(to: z_stream())
        unsafe output = .allocate(capacity: Self.outputCapacity)
        // 15 + 16: gzip only, 32 KiB of history. Fails for want of memory alone; the version and size are the header's own.
        let started = unsafe inflateInit2_(stream, 15 + 16, ZLIB_VERSION, Int32(MemoryLayout<z_stream>.size))
        precondition(started == Z_OK, "zlib: cannot start")
    }

    deinit {
        unsafe inflateEnd(stream)
        unsafe stream.deallocate()
        unsafe output.deallocate()
    }

    /// Decodes from `input[position...]` until the next block border, the end of the input or a full output buffer.
    mutating func inflate(_ input: borrowing Span<UInt8>, at position: inout Int) throws(GzipError) -> Stop {
        // zlib counts in 32 bits.
        let offered = min(input.count - position, 1 << 30)
        let (code, left) = unsafe input.withUnsafeBufferPointer { bytes in
            // zlib declares its input mutable but only reads it.
            unsafe stream.pointee.next_in = unsafe UnsafeMutablePointer(
                mutating: bytes.baseAddress.map { unsafe $0 + position })
            unsafe stream.pointee.avail_in = UInt32(offered)
            unsafe stream.pointee.next_out = unsafe output + filled
            unsafe stream.pointee.avail_out = UInt32(Self.outputCapacity - filled)
            let code = unsafe CZlib.inflate(stream, Z_BLOCK)
            unsafe stream.pointee.next_in = nil
            return unsafe (code, Int(stream.pointee.avail_in))
        }
        let taken = offered - left
        let given = unsafe Self.outputCapacity - Int(stream.pointee.avail_out) - filled
        position += taken
        filled += given
        // Z_BUF_ERROR means only that nothing could be done. Z_MEM_ERROR and Z_STREAM_ERROR would be ours, yet end the stream as well.
        guard code == Z_OK || code == Z_BUF_ERROR || code == Z_STREAM_END else {
            throw GzipError(.malformed, "not a valid gzip stream: \(reason(code))")
        }
        let state = unsafe stream.pointee.data_type
        return Stop(
            isBoundary: state & 128 != 0, isLastBlock: state & 64 != 0, unusedBits: UInt8(state & 7),
            isMemberEnd: code == Z_STREAM_END, hasProgress: taken > 0 || given > 0)
    }

    /// The content decoded since the last call.
    mutating func takeOutput() -> [UInt8] {
        let count = filled
        filled = 0
        return unsafe [UInt8](UnsafeBufferPointer(start: output, count: count))
    }

    /// The last bytes of this member's content, at most 32 KiB.
    func history() -> [UInt8] {
        unsafe [UInt8](unsafeUninitializedCapacity: Checkpoint.windowSize) { buffer, count in
            var length: UInt32 = 0
            unsafe inflateGetDictionary(stream, buffer.baseAddress, &length)
            count = Int(length)
        }
    }

    /// Expects a new member's header next.
    mutating func startMember() {
        let reset = unsafe inflateReset(stream)
        precondition(reset == Z_OK, "zlib: cannot reset")
    }

    private func reason(_ code: Int32) -> String {
        if let text = unsafe stream.pointee.msg { return unsafe String(cString: text) }
        return code == Z_NEED_DICT ? "it wants a preset dictionary" : "zlib error \(code)"
    }
}
