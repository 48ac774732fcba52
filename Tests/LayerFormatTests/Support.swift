import LayerFormat
import TestSupport

/// What a reader told about one tar.
struct ReadTar: Equatable {
    var entries: [TarEntry] = []
    var contentEnd: Int64 = 0
    var error: LayerFormatError?

    /// Reads `tar` in pieces of `pieceSize` bytes.
    init(_ tar: [UInt8], pieceSize: Int = .max, limits: LayerLimits = .standard) {
        var reader = TarReader(limits: limits)
        var entries: [TarEntry] = []
        do {
            var start = 0
            while start < tar.count {
                let end = min(tar.count, start + min(pieceSize, tar.count))
                try reader.feed(Array(tar[start..<end])) { entries.append($0) }
                start = end
            }
            try reader.finish()
        } catch {
            self.error = error as? LayerFormatError
        }
        self.entries = entries
        contentEnd = reader.contentEnd
    }

    func named(_ name: String) -> TarEntry? { entries.last { $0.name == Array(name.utf8) } }
}

/// The tree of a tar.
func makeTree(_ tar: [UInt8], limits: LayerLimits = .standard) throws -> LayerTree {
    let read = ReadTar(tar, limits: limits)
    if let error = read.error { throw error }
    return try makeTree(read.entries, limits: limits)
}

func makeTree(_ entries: [TarEntry], limits: LayerLimits = .standard) throws -> LayerTree {
    var builder = LayerTree.Builder(limits: limits)
    for entry in entries { try builder.add(entry) }
    return try builder.finish()
}

extension LayerTree {
    /// Names below a directory, for short expectations.
    func names(_ path: String) -> [String] {
        guard let node = node(atPath: path) else { return [] }
        return children(of: node).map { String(decoding: $0.name, as: UTF8.self) }
    }

    func attributes(_ path: String) -> NodeAttributes? { node(atPath: path).map { attributes(of: $0) } }
}

extension [UInt8] {
    init(text: String) { self = Array(text.utf8) }
}
