import CZlib
import Gzip

/// Where zlib, which can stop between blocks, says that a blob's checkpoints are: what the peer's tool does (soci.md 2.2).
///
/// Nil if the blob is not gzip from its first byte to the end of a member.
func zlibCheckpoints(_ blob: [UInt8], spanSize: Int64) -> [Checkpoint]? {
    var stream = z_stream()
    guard inflateInit2_(&stream, 15 + 16, ZLIB_VERSION, Int32(MemoryLayout<z_stream>.size)) == Z_OK else { return nil }
    defer { inflateEnd(&stream) }
    var input = blob
    var checkpoints: [Checkpoint] = []
    var content: [UInt8] = []
    var output = [UInt8](repeating: 0, count: 1 << 16)
    let isWhole = input.withUnsafeMutableBufferPointer { input in
        stream.next_in = input.baseAddress
        stream.avail_in = UInt32(input.count)
        while true {
            let code = output.withUnsafeMutableBufferPointer { output in
                stream.next_out = output.baseAddress
                stream.avail_out = UInt32(output.count)
                return inflate(&stream, Z_BLOCK)
            }
            content += output[..<(output.count - Int(stream.avail_out))]
            if code == Z_STREAM_END {
                let rest = Array(input.suffix(Int(stream.avail_in)))
                guard rest.starts(with: [0x1f, 0x8b, 8]), inflateReset(&stream) == Z_OK else { return true }
                continue
            }
            guard code == Z_OK else { return false }
            let isBoundary = stream.data_type & 128 != 0 && stream.data_type & 64 == 0
            let covered = Int64(content.count) - (checkpoints.last?.contentOffset ?? 0)
            guard isBoundary, content.isEmpty || covered > spanSize else { continue }
            checkpoints.append(
                Checkpoint(
                    compressedOffset: Int64(input.count - Int(stream.avail_in)), contentOffset: Int64(content.count),
                    bits: UInt8(stream.data_type & 7), window: content.suffix(Checkpoint.windowSize)))
        }
    }
    return isWhole ? checkpoints : nil
}
