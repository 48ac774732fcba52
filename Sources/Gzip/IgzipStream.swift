internal import CIsal

/// One raw deflate decoder of ISA-L with its output buffer.
///
/// The state is 87 KB and lies on the heap.
@safe struct IgzipStream: ~Copyable {
    /// The most content given at a time: calls and copies around the library do not count, and it stays in the second level cache.
    static let outputCapacity = 128 * 1024
    private static let bufferSize = outputCapacity + Checkpoint.windowSize

    let state: UnsafeMutablePointer<inflate_state>
    private let buffer: UnsafeMutablePointer<UInt8>
    /// Where in the buffer the content ends. What was taken out stays as history until the buffer is full.
    private var end = 0
    private var taken = 0

    /// Bytes of content that were not taken out yet.
    var filled: Int { end - taken }
    /// Content has to be taken out before more can be decoded.
    var isFull: Bool { filled == Self.outputCapacity || end == Self.bufferSize }
    /// The deflate stream has ended and all its content was given.
    var isFinished: Bool { unsafe state.pointee.block_state == ISAL_BLOCK_FINISH }

    /// - Parameter window: what lies before the content to come, at most 32 KiB.
    init(window: [UInt8] = []) {
        unsafe state = .allocate(capacity: 1)
        // The state has parts that Swift does not import; all of it must be something.
        unsafe UnsafeMutableRawPointer(state).initializeMemory(
            as: UInt8.self, repeating: 0, count: MemoryLayout<inflate_state>.size)
        unsafe buffer = .allocate(capacity: Self.bufferSize)
        unsafe isal_inflate_init(state)
        unsafe state.pointee.crc_flag = UInt32(ISAL_DEFLATE)
        guard !window.isEmpty else { return }
        var dictionary = window
        let set = unsafe dictionary.withUnsafeMutableBufferPointer { bytes in
            unsafe isal_inflate_set_dict(state, bytes.baseAddress, UInt32(bytes.count))
        }
        precondition(set == ISAL_DECOMP_OK, "isal: cannot set a window on a fresh stream")
    }

    deinit {
        unsafe state.deallocate()
        unsafe buffer.deallocate()
    }

    /// Puts the `count` (0...8) high-order bits of `byte` before all input.
    mutating func prime(_ count: UInt8, of byte: UInt8) {
        unsafe state.pointee.read_in = UInt64(byte) >> (8 - UInt64(count))
        unsafe state.pointee.read_in_length = Int32(count)
    }

    /// Starts a new deflate stream, without history.
    mutating func restart() {
        unsafe isal_inflate_reset(state)
        unsafe state.pointee.crc_flag = UInt32(ISAL_DEFLATE)
    }

    /// Decodes from `input[position...]`; no more than `limit` bytes will be there to take out afterwards.
    /// - Returns: whether anything was taken or given.
    mutating func inflate(
        _ input: borrowing Span<UInt8>, at position: inout Int, limit: Int = outputCapacity
    ) throws(GzipError) -> Bool {
        // isal counts in 32 bits, some of them signed.
        let offered = min(input.count - position, 1 << 30)
        let room = min(min(limit, Self.outputCapacity) - filled, Self.bufferSize - end)
        let code = unsafe input.withUnsafeBufferPointer { bytes in
            // isal declares its input mutable but only reads it.
            unsafe state.pointee.next_in = unsafe UnsafeMutablePointer(
                mutating: bytes.baseAddress.map { unsafe $0 + position })
            unsafe state.pointee.avail_in = UInt32(offered)
            unsafe state.pointee.next_out = unsafe buffer + end
            unsafe state.pointee.avail_out = UInt32(room)
            let code = unsafe isal_inflate(state)
            unsafe state.pointee.next_in = nil
            return code
        }
        let consumed = unsafe offered - Int(state.pointee.avail_in)
        let given = unsafe room - Int(state.pointee.avail_out)
        position += consumed
        end += given
        // A full buffer and used-up input are no errors; negative codes are what isal thinks of the bytes.
        guard code == ISAL_DECOMP_OK || code == ISAL_END_INPUT || code == ISAL_OUT_OVERFLOW else {
            throw GzipError(.malformed, "not a valid deflate stream (isal error \(code))")
        }
        // isal refuses references to before the start of its output, and counts that in 32 bits: never let the count wrap.
        if unsafe state.pointee.total_out > 1 << 30 { unsafe state.pointee.total_out = 1 << 20 }
        return consumed > 0 || given > 0 || isFinished
    }

    /// The whole bytes that were read ahead but lie behind the end of the finished stream.
    mutating func takeUnusedInput() -> [UInt8] {
        var bytes: [UInt8] = []
        let length = unsafe state.pointee.read_in_length
        var held = unsafe state.pointee.read_in >> UInt64(max(length, 0) % 8)
        for _ in 0..<max(length, 0) / 8 {
            bytes.append(UInt8(truncatingIfNeeded: held))
            held >>= 8
        }
        unsafe state.pointee.read_in_length = 0
        return bytes
    }

    /// The content decoded since the last call.
    mutating func takeOutput() -> [UInt8] {
        let output = unsafe [UInt8](UnsafeBufferPointer(start: buffer + taken, count: filled))
        if end == Self.bufferSize {
            end = Checkpoint.windowSize
            unsafe buffer.update(from: buffer + Self.outputCapacity, count: end)
        }
        taken = end
        return output
    }

    /// Gives `body` the last `count` bytes of content, or as many as there are of the last 32 KiB.
    func withHistory<Result>(_ count: Int, _ body: (UnsafeMutableBufferPointer<UInt8>) -> Result) -> Result {
        let count = min(count, Checkpoint.windowSize, end)
        return unsafe body(UnsafeMutableBufferPointer(start: buffer + (end - count), count: count))
    }

    /// Adds the last `count` bytes of content, none of them taken out yet, to a running CRC-32.
    func checksum(_ running: UInt32, ofLast count: Int) -> UInt32 {
        precondition(count <= filled, "content that was taken out")
        return unsafe crc32_gzip_refl(running, buffer + (end - count), UInt64(count))
    }
}
