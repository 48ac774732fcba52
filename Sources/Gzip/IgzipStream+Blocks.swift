internal import CIsal

/// Stopping between deflate blocks, for which ISA-L has no call.
///
/// A block's header says whether the block is its stream's last. Where that is said of any block, isal stops exactly behind it, all
/// content given; where it is taken back, isal reads on.
extension IgzipStream {
    /// How far isal decodes ahead of the content it gives, at the most, in bytes.
    static let farthestAhead = 2 * Int(ISAL_DEF_HIST_SIZE) + 1024

    /// Bytes of content that isal has decoded and not given yet.
    var ahead: Int { unsafe Int(state.pointee.tmp_out_valid - state.pointee.tmp_out_processed) }

    /// Bits that were read ahead and belong to what follows.
    var unusedBits: Int { unsafe Int(max(state.pointee.read_in_length, 0)) }

    /// Lets the stream finish behind the block that it is in or, between two, behind the next.
    /// - Returns: whether that block really is the last; nil if the input ends before its header.
    mutating func finishBehindBlock(_ input: borrowing Span<UInt8>, at position: inout Int) -> Bool? {
        let wasLast: Bool
        switch unsafe state.pointee.block_state {
        case ISAL_BLOCK_TYPE0, ISAL_BLOCK_CODED:
            wasLast = unsafe state.pointee.bfinal != 0
            unsafe state.pointee.bfinal = 1
        case ISAL_BLOCK_INPUT_DONE, ISAL_BLOCK_FINISH:
            wasLast = true
        case _ where unsafe state.pointee.read_in_length > 0:
            wasLast = unsafe state.pointee.read_in & 1 != 0
            unsafe state.pointee.read_in |= 1
        case _ where unsafe state.pointee.tmp_in_size > 0:
            // isal keeps a header that came in part and reads it again.
            wasLast = unsafe state.pointee.tmp_in_buffer.0 & 1 != 0
            unsafe state.pointee.tmp_in_buffer.0 |= 1
        default:
            guard position < input.count else { return nil }
            wasLast = input[position] & 1 != 0
            prime(8, of: input[position] | 1)
            position += 1
        }
        return wasLast
    }

    /// Reads on behind a block that only `finishBehindBlock` made the last.
    /// - Parameter history: how much content, of what came before in this deflate stream, may be referred to.
    /// - Throws: if isal does not take it: a stream that leads there is refused, whatever it is.
    mutating func goOn(history: Int) throws(GzipError) {
        unsafe state.pointee.block_state = ISAL_BLOCK_NEW_HDR
        unsafe state.pointee.bfinal = 0
        guard history > 0 else { return }
        let set = unsafe withHistory(history) { bytes in
            unsafe isal_inflate_set_dict(state, bytes.baseAddress, UInt32(bytes.count))
        }
        guard set == ISAL_DECOMP_OK else {
            throw GzipError(.malformed, "the decoder does not go on behind a block (isal error \(set))")
        }
    }

    /// The last 32 KiB of content, or all that there is of it, over the borders of members.
    func window() -> [UInt8] {
        unsafe withHistory(Checkpoint.windowSize) { unsafe [UInt8]($0) }
    }
}
