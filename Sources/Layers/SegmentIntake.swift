internal import LayerFormat
internal import OCI
internal import Synchronization

/// Takes the bytes of one request in order and shares them out to its segments.
final class SegmentIntake {
    private let layer: Layer
    private var number: Int
    private let end: Int
    /// Offset in the blob of the byte to come next.
    private var position: Int64
    /// The last bytes that came, up to four.
    private var last: [UInt8] = []
    private var current: SegmentDecoding?

    /// - Parameter segments: contiguous ones; the first byte to come is the first one's first.
    init(_ segments: Range<Int>, of layer: Layer) {
        self.layer = layer
        number = segments.lowerBound
        end = segments.upperBound
        position = layer.table.segment(segments.lowerBound).compressed.lowerBound
    }

    func take(_ chunk: [UInt8]) throws {
        let start = position
        position += Int64(chunk.count)
        while let decoding = try open() {
            let upper = decoding.segment.compressed.upperBound
            // Neighbours may share a byte, and it may have been the last of the chunk before (soci.md 2.3).
            if decoding.next == start - 1, let shared = last.last { try decoding.feed([shared]) }
            guard decoding.next >= start || decoding.next == upper else {
                throw layer.poison("segment \(number) overlaps the one before by more than a byte")
            }
            let slice = min(decoding.next, position)..<min(upper, position)
            if slice.lowerBound == start, slice.upperBound == position {
                try decoding.feed(chunk)
            } else if !slice.isEmpty {
                try decoding.feed(Array(chunk[Int(slice.lowerBound - start)..<Int(slice.upperBound - start)]))
            }
            guard decoding.next == upper else { break }
            current = nil
            number += 1
            try decoding.finish()
        }
        last = Array((last + chunk.suffix(4)).suffix(4))
    }

    /// The segment the next bytes belong to; ones without content are passed over.
    private func open() throws -> SegmentDecoding? {
        if let current { return current }
        while number < end {
            let segment = layer.table.segment(number)
            guard segment.content.isEmpty else {
                let decoding = try SegmentDecoding(segment, of: layer)
                current = decoding
                return decoding
            }
            number += 1
        }
        return nil
    }

    /// The source says that was all.
    func finish() throws {
        guard try open() == nil else {
            throw BlobError(.corrupt, "the source ended at byte \(position) of the blob, inside of what was asked for")
        }
        if position == layer.description.blobSize { layer.state.withLock { $0.trailer = last } }
    }
}
