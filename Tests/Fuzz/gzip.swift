// Invariant: any bytes give content and checkpoints or a GzipError, as zlib sees them; decoding from each checkpoint gives that same content, and never more than was asked for.
import Gzip

@_cdecl("LLVMFuzzerTestOneInput")
public func fuzz(_ data: UnsafePointer<UInt8>, _ size: Int) -> CInt {
    let bytes = [UInt8](UnsafeBufferPointer(start: data, count: size))
    guard let first = bytes.first else { return 0 }
    // Of spans within what the decoder looks ahead, and larger ones.
    for spanSize: Int64 in [100, 70_000] { inflate(bytes, spanSize: spanSize, piece: 1 + Int(first) * 8) }
    resume(bytes, bits: first & 7, need: Int64(size) * 40)
    return 0
}

/// Takes `bytes` for a whole blob.
private func inflate(_ bytes: [UInt8], spanSize: Int64, piece: Int) {
    var content: [UInt8] = []
    var checkpoints: [Checkpoint] = []
    let inflater = CheckpointingInflater(spanSize: spanSize)
    do {
        for start in stride(from: 0, to: bytes.count, by: piece) {
            try inflater.feed(
                Array(bytes[start..<min(start + piece, bytes.count)]), content: { content += $0 },
                checkpoint: { checkpoints.append($0) })
            if content.count > 1 << 22 { return }
        }
        try inflater.finish()
    } catch {
        precondition(error is GzipError)
        precondition(checkpoints.count > 1000 || zlibCheckpoints(bytes, spanSize: spanSize) == nil, "zlib decodes it")
        return
    }
    if let expected = zlibCheckpoints(bytes, spanSize: spanSize) {
        precondition(checkpoints == expected, "zlib sees other checkpoints")
    }
    for checkpoint in checkpoints {
        let expected = content[Int(checkpoint.contentOffset)...]
        let decoder = CheckpointDecoder(bits: checkpoint.bits, window: checkpoint.window, need: Int64(expected.count))
        var decoded: [UInt8] = []
        do {
            try decoder.feed(Array(bytes[(Int(checkpoint.compressedOffset) - (checkpoint.bits == 0 ? 0 : 1))...])) {
                decoded += $0
            }
            try decoder.finish()
        } catch {
            preconditionFailure("not decodable from \(checkpoint.compressedOffset): \(error)")
        }
        precondition(decoded[...] == expected)
    }
}

/// Takes `bytes` for what follows a checkpoint.
private func resume(_ bytes: [UInt8], bits: UInt8, need: Int64) {
    let decoder = CheckpointDecoder(bits: bits, window: Array(bytes.prefix(Checkpoint.windowSize)), need: need)
    var given: Int64 = 0
    do {
        try decoder.feed(Array(bytes[..<(bytes.count / 2)])) { given += Int64($0.count) }
        try decoder.feed(Array(bytes[(bytes.count / 2)...])) { given += Int64($0.count) }
        try decoder.finish()
        precondition(given == need && decoder.missing == 0)
    } catch {
        precondition(error is GzipError)
    }
    precondition(given <= need)
}
