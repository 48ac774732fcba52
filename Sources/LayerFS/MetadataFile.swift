internal import EROFS
internal import Hashing
internal import LayerFormat
internal import Layers
internal import Linux

/// The EROFS image of a layer on the disk, followed by its SHA-256: the kernel is given no image that isn't as it was written.
enum MetadataFile {
    private static let digestSize = 32

    /// The layer's image: the one that is there, or a new one.
    /// - Throws: `Obstacle` if there can be none.
    static func open(_ layer: Layer) throws -> File {
        let path = layer.metadataImagePath
        if let file = try? checked(path) { return file }
        let image = try MetadataImage(
            of: try layer.tree(isKept: false), tarSize: layer.tarSize,
            identity: Array(ContentHasher.hash(Array("\(layer.description.blob)".utf8)).prefix(16)))
        return try write(image, to: path)
    }

    static func write(_ image: MetadataImage, to path: String) throws -> File {
        var hasher = ContentHasher()
        hasher.update(image.bytes)
        try Path.replace(path, with: [image.bytes, hasher.finish()])
        return try File(path)
    }

    /// - Throws: also if the file was damaged.
    private static func checked(_ path: String) throws -> File {
        let file = try File(path)
        let end = try file.size() - Int64(digestSize)
        var hasher = ContentHasher()
        var offset: Int64 = 0
        while offset < end {
            let piece = try file.read(at: offset, count: Int(min(1 << 20, end - offset)))
            guard !piece.isEmpty else { break }
            hasher.update(piece)
            offset += Int64(piece.count)
        }
        guard end > 0, try file.read(at: end, count: digestSize) == hasher.finish() else {
            throw LinuxError(.ioError, "check", path)
        }
        return file
    }
}
