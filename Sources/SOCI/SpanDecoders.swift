internal import Gzip
internal import LayerFormat

/// Decodes one span of a gzip layer.
final class GzipSpanDecoder: SegmentDecoder {
    private let span: Int
    private let decoder: CheckpointDecoder

    init(span: Int, _ decoder: CheckpointDecoder) {
        self.span = span
        self.decoder = decoder
    }

    func feed(_ compressed: [UInt8], _ produce: ([UInt8]) throws -> Void) throws {
        do {
            try decoder.feed(compressed, produce)
        } catch let error as GzipError {
            throw LayerFormatError(.malformed, "span \(span) cannot be decoded: \(error.message)")
        }
    }

    func finish() throws {
        do throws(GzipError) {
            try decoder.finish()
        } catch {
            throw LayerFormatError(.mismatch, "span \(span) holds less than its zTOC says: \(error.message)")
        }
    }
}

/// Hands through one span of a plain tar, up to the content's end.
final class PlainDecoder: SegmentDecoder {
    private var missing: Int64

    init(need: Int64) { missing = need }

    func feed(_ compressed: [UInt8], _ produce: ([UInt8]) throws -> Void) throws {
        guard missing > 0, !compressed.isEmpty else { return }
        let taken = Int64(compressed.count) <= missing ? compressed : Array(compressed.prefix(Int(missing)))
        missing -= Int64(taken.count)
        try produce(taken)
    }

    func finish() throws {
        guard missing == 0 else {
            throw LayerFormatError(.mismatch, "a span ends with \(missing) bytes of content missing")
        }
    }
}
