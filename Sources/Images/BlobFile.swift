internal import Distribution
internal import Hashing
internal import Linux
internal import OCI

/// Takes a blob into a file: a table of contents may have a gigabyte, and several come at a time.
final class BlobFile: BlobSink {
    private let file: File
    private var size: Int64 = 0
    private var hasher: ContentHasher?

    /// Makes the file at `path`, empty.
    init(_ path: String, algorithm: ContentHasher.Algorithm) throws {
        try Path.remove(path)
        file = try File(path, .createExclusive)
        hasher = ContentHasher(algorithm)
    }

    func take(_ bytes: [UInt8]) throws {
        hasher?.update(bytes)
        try file.write(bytes, at: size)
        size += Int64(bytes.count)
    }

    func isWhole(_ digest: Digest) -> Bool { hasher.take()?.finish() == digest.bytes }
}
