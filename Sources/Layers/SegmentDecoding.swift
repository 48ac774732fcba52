internal import Hashing
internal import LayerFormat
internal import OCI

/// One segment while its compressed bytes arrive: hashed, decoded, written. Nothing of it counts before `finish` has returned.
final class SegmentDecoding {
    let segment: Segment
    /// Offset in the blob of the byte to come next.
    private(set) var next: Int64
    private let decoder: any SegmentDecoder
    private let layer: Layer
    private var hasher: ContentHasher? = ContentHasher()
    private var sink: SegmentSink?
    /// Kept until the digest tells whose fault it is: the bytes' or the table's.
    private var failure: LayerFormatError?

    init(_ segment: Segment, of layer: Layer) throws {
        self.segment = segment
        self.layer = layer
        next = segment.compressed.lowerBound
        decoder = try layer.table.makeDecoder(for: segment.number)
        sink = SegmentSink(file: layer.files.tar, content: segment.content, memoryLimit: layer.parts.options.heldBytes)
    }

    func feed(_ bytes: [UInt8]) throws {
        hasher?.update(bytes)
        next += Int64(bytes.count)
        guard failure == nil else { return }
        do {
            try decoder.feed(bytes) { try sink?.write($0) }
        } catch let error as LayerFormatError {
            failure = error
        }
    }

    /// All bytes came: checks digest, length and windows, in this order, and makes the segment present.
    /// - Throws: `SegmentMismatch` if the bytes are wrong; `LayerError.poisoned` if the bytes are right and the table is wrong.
    func finish() throws {
        guard let hash = hasher.take()?.finish(), hash == segment.digest.bytes else {
            throw SegmentMismatch(number: segment.number)
        }
        do {
            if let failure { throw failure }
            try decoder.finish()
            guard let (checksum, held) = try sink.take()?.finish() else { return }
            try WindowCheck(layer: layer).check(segment, held: held)
            try layer.segmentArrived(segment, checksum: checksum, held: held)
        } catch let error as LayerFormatError {
            throw layer.poison("segment \(segment.number): \(error.message)")
        }
    }
}

/// The bytes of a segment do not have its digest.
struct SegmentMismatch: Error, CustomStringConvertible {
    var number: Int

    var description: String { "segment \(number) came with bytes that do not have its digest" }
}
