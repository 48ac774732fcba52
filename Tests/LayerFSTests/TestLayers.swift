import LayerFS
import LayerFormat
import Layers
import Linux
import Synchronization

/// A layer whose whole tar lies on the disk.
struct CompleteLayer: LayerReader {
    let content: File
    let built: LayerTree

    init(tar path: String) throws {
        content = try File(path)
        built = try LayerTree(tarAt: content)
    }

    func tree() throws -> LayerTree { built }

    func readIfLocal(at tarOffset: Int64, into buffer: inout MutableSpan<UInt8>) throws -> Bool {
        let wanted = buffer.count
        return try content.read(at: tarOffset, into: &buffer) == wanted
    }

    func makeLocal(_ tarRange: Range<Int64>) async throws {}
}

extension LayerTree {
    /// Of a whole tar, read in pieces.
    init(tarAt file: File) throws {
        var reader = TarReader(limits: .standard)
        var builder = LayerTree.Builder(limits: .standard)
        var offset: Int64 = 0
        while true {
            let piece = try file.read(at: offset, count: 1 << 20)
            if piece.isEmpty { break }
            offset += Int64(piece.count)
            try reader.feed(piece) { entry in try builder.add(entry) }
        }
        try reader.finish()
        self = try builder.finish()
    }
}

/// Layers by slot; slots come and go.
final class TestLayers: LayerDirectory {
    private let layers: Mutex<[UInt32: any LayerReader]>

    init(_ layers: [UInt32: any LayerReader]) { self.layers = Mutex(layers) }

    func layer(slot: UInt32) -> (any LayerReader)? { layers.withLock { $0[slot] } }
    func slots() -> [UInt32] { layers.withLock { $0.keys.sorted() } }
    func set(_ layer: (any LayerReader)?, at slot: UInt32) { layers.withLock { $0[slot] = layer } }
}
