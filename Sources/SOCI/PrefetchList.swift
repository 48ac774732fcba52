internal import FoundationEssentials
package import LayerFormat

/// The prefetch artifact of a layer: spans to load before anyone asks for them (soci.md 4.5).
package struct PrefetchList: Sendable, Equatable {
    /// Lists above this are refused, in bytes.
    package static let maximumSize = 4 << 20

    /// Spans, ascending and apart from each other.
    package private(set) var ranges: [ClosedRange<Int>]

    /// The spans that hold `files`, given as ranges of content; as the peer does, one ending on a span's border takes one span more.
    package init(files: [Range<Int64>], in layer: any SegmentedLayer) {
        ranges = Self.merged(
            files.compactMap { file in
                guard file.lowerBound >= 0, file.lowerBound < layer.contentSize else { return nil }
                let first = layer.segmentNumber(containing: file.lowerBound)
                let last = layer.segmentNumber(containing: min(file.upperBound, layer.contentSize - 1))
                return first...last
            })
    }

    /// Reads a list; ranges that are none are left out.
    /// - Throws: `LayerFormatError` if it is too large, not JSON, of another version, or has no list of spans.
    package init(parsing bytes: [UInt8]) throws(LayerFormatError) {
        guard bytes.count <= Self.maximumSize else {
            throw LayerFormatError(.tooLarge, "the prefetch list has \(bytes.count) bytes")
        }
        let document: Document
        do {
            document = try JSONDecoder().decode(Document.self, from: Data(bytes))
        } catch {
            throw LayerFormatError(.malformed, "the prefetch list is not a JSON document of its kind")
        }
        guard document.version == "1.0" else {
            throw LayerFormatError(
                .unsupported, "the prefetch list has version '\(document.version.prefix(40))'; only 1.0 is known")
        }
        ranges = Self.merged(
            document.spans.values.compactMap { span in
                span.start >= 0 && span.start <= span.end ? span.start...span.end : nil
            })
    }

    /// The ranges cut down to a layer of `count` spans.
    package func ranges(clampedTo count: Int) -> [ClosedRange<Int>] {
        ranges.compactMap { $0.lowerBound < count ? $0.lowerBound...min($0.upperBound, count - 1) : nil }
    }

    /// The peer's bytes for this list.
    package func encoded() -> [UInt8] {
        let spans = ranges.map { range in
            CanonicalJSON.object([
                ("start_span", String(range.lowerBound)), ("end_span", String(range.upperBound)),
            ])
        }
        let text = CanonicalJSON.object([("version", "\"1.0\""), ("prefetch_spans", CanonicalJSON.array(spans))])
        return Array(text.utf8)
    }

    /// Sorted; overlapping and adjacent ones made one.
    private static func merged(_ ranges: [ClosedRange<Int>]) -> [ClosedRange<Int>] {
        var result: [ClosedRange<Int>] = []
        for range in ranges.sorted(by: { $0.lowerBound < $1.lowerBound }) {
            if let last = result.last, last.upperBound >= range.lowerBound - 1 {
                result[result.count - 1] = last.lowerBound...max(last.upperBound, range.upperBound)
            } else {
                result.append(range)
            }
        }
        return result
    }

    private struct Document: Decodable {
        struct Span: Decodable {
            var start: Int
            var end: Int

            enum CodingKeys: String, CodingKey {
                case start = "start_span"
                case end = "end_span"
            }
        }

        var version: String
        var spans: LenientList<Span>

        enum CodingKeys: String, CodingKey {
            case version
            case spans = "prefetch_spans"
        }
    }
}
