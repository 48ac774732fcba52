import LayerFormat
import OCI
import SOCI
import Testing

/// Indexing and decoding of whole layers in memory, in a few words.
enum Layers {
    struct Built {
        var layer: IndexedLayer
        var file: [UInt8]
        var content: [UInt8]
    }

    static func index(
        _ blob: [UInt8], _ compression: LayerCompression, spanSize: Int64 = ZTOCBuilder.defaultSpanSize,
        piece: Int = 65536
    ) throws -> Built {
        let builder = ZTOCBuilder(compression: compression, spanSize: spanSize)
        var content: [UInt8] = []
        for start in stride(from: 0, to: blob.count, by: piece) {
            try builder.feed(Array(blob[start..<min(start + piece, blob.count)])) { content += $0 }
        }
        let layer = try builder.finish()
        return Built(layer: layer, file: Array(layer.pieces.joined()), content: content)
    }

    static func entries(_ ztoc: [UInt8]) throws -> [TarEntry] {
        var entries: [TarEntry] = []
        try ZTOC(InMemoryBytes(ztoc)).forEachEntry { entries.append($0) }
        return entries
    }

    /// Decodes segment `number` from the bytes of `blob`, as a reader does after checking them.
    static func decode(
        _ number: Int, of layer: any SegmentedLayer, blob: [UInt8], piece: Int = .max
    ) throws -> [UInt8] {
        let segment = layer.segment(number)
        let bytes = Array(blob[Int(segment.compressed.lowerBound)..<Int(segment.compressed.upperBound)])
        try #require(Digest(of: bytes) == segment.digest)
        return try decode(bytes, with: layer.makeDecoder(for: number), piece: piece)
    }

    static func decode(_ bytes: [UInt8], with decoder: any SegmentDecoder, piece: Int = .max) throws -> [UInt8] {
        var content: [UInt8] = []
        var start = 0
        while start < bytes.count {
            let end = piece < bytes.count - start ? start + piece : bytes.count
            try decoder.feed(Array(bytes[start..<end])) { content += $0 }
            start = end
        }
        try decoder.finish()
        return content
    }
}
