internal import Foundation
package import OCI

/// An OCI image layout on disk (image-spec, image-layout.md): a directory with `oci-layout`, `index.json` and `blobs/`.
///
/// File reads happen on the calling thread: this is for tools, not for the daemon's hot path.
package struct OCILayout: Sendable {
    package let path: String
    private let index: ImageIndex

    /// - Throws: `RegistryError.notFound` if there is no layout, `invalidResponse` if it is broken.
    package init(path: String) throws {
        self.path = path
        guard FileManager.default.fileExists(atPath: "\(path)/oci-layout") else {
            throw RegistryError(.notFound, "\(path): no OCI layout; it has no file oci-layout")
        }
        struct Marker: Decodable { var imageLayoutVersion: String }
        let marker = try? JSONDecoder().decode(Marker.self, from: Data(Self.read("\(path)/oci-layout", cap: 4096)))
        guard marker?.imageLayoutVersion == "1.0.0" else {
            throw RegistryError(.invalidResponse, "\(path)/oci-layout: not version 1.0.0 of the layout")
        }
        do { index = try ImageIndex(parsing: Self.read("\(path)/index.json", cap: OCIDocument.maximumSize)) } catch let
            error as OCIError
        {
            throw RegistryError(.invalidResponse, "\(path)/index.json: \(error)")
        }
    }

    /// The manifest called `name`: a tag or full name (`org.opencontainers.image.ref.name`), a digest, or nil for the only one.
    /// - Throws: `RegistryError.notFound`, saying what there is.
    package func resolve(_ name: String? = nil) throws -> FetchedManifest {
        let images = index.manifests.filter { $0.mediaType.isManifest || $0.mediaType.isIndex }
        let names = images.compactMap(\.refName)
        let found: Descriptor?
        if let name {
            found = images.first {
                $0.refName == name || $0.digest.description == name || $0.refName?.hasSuffix(":\(name)") == true
            }
        } else {
            found = images.count == 1 ? images.first : nil
        }
        guard let found else {
            let what = name.map { "no image '\($0)'" } ?? "\(images.count) images; say which"
            throw RegistryError(
                .notFound, "\(path): \(what); it has " + (names.isEmpty ? "no names" : names.joined(separator: ", ")))
        }
        return try manifest(found)
    }

    /// The manifest `descriptor` points at, checked against its digest.
    package func manifest(_ descriptor: Descriptor) throws -> FetchedManifest {
        let bytes = try blob(descriptor, cap: Int64(OCIDocument.maximumSize))
        return FetchedManifest(
            digest: descriptor.digest, mediaType: descriptor.mediaType.rawValue, bytes: bytes, host: path)
    }

    /// The manifest with `digest`, whatever type it has.
    package func manifest(_ digest: Digest) throws -> FetchedManifest {
        let bytes = try Self.read(file(digest), cap: OCIDocument.maximumSize)
        try check(bytes, digest)
        return FetchedManifest(digest: digest, mediaType: "", bytes: bytes, host: path)
    }

    /// The whole of a blob of at most `cap` bytes, checked against its digest.
    package func blob(_ descriptor: Descriptor, cap: Int64) throws -> [UInt8] {
        guard descriptor.size <= cap else {
            throw RegistryError(
                .tooLarge, "\(path): blob \(descriptor.digest) has \(descriptor.size) bytes, more than \(cap)")
        }
        let bytes = try Self.read(file(descriptor.digest), cap: Int(cap))
        guard bytes.count == descriptor.size else {
            throw RegistryError(
                .invalidResponse, "\(path): blob \(descriptor.digest) has \(bytes.count) bytes, not \(descriptor.size)")
        }
        try check(bytes, descriptor.digest)
        return bytes
    }

    /// Ranges of a blob.
    package func source(_ descriptor: Descriptor) -> any BlobSource {
        FileBlobSource(path: file(descriptor.digest), size: descriptor.size)
    }

    private func file(_ digest: Digest) -> String {
        "\(path)/blobs/\(digest.algorithmName)/\(digest.hex)"
    }

    private func check(_ bytes: [UInt8], _ digest: Digest) throws {
        guard digest.matches(bytes) else {
            throw RegistryError(.invalidResponse, "\(path): blob \(digest): the content has another digest")
        }
    }

    private static func read(_ path: String, cap: Int) throws -> [UInt8] {
        guard let handle = FileHandle(forReadingAtPath: path) else {
            throw RegistryError(.notFound, "\(path): cannot be opened")
        }
        defer { try? handle.close() }
        guard let data = try? handle.read(upToCount: cap + 1) else { return [] }
        guard data.count <= cap else { throw RegistryError(.tooLarge, "\(path): more than \(cap) bytes") }
        return Array(data)
    }
}

extension Descriptor {
    fileprivate var refName: String? { annotations["org.opencontainers.image.ref.name"] }
}

/// A blob that is a file.
private struct FileBlobSource: BlobSource {
    let path: String
    let size: Int64
    /// Bytes read at a time.
    static let piece: Int64 = 1 << 20

    func read(_ range: Range<Int64>, _ consume: ([UInt8]) async throws -> Void) async throws {
        guard range.lowerBound >= 0, range.upperBound <= size else {
            throw BlobError(.corrupt, "\(path): bytes \(range) asked of \(size)")
        }
        guard let handle = FileHandle(forReadingAtPath: path) else {
            throw BlobError(.notFound, "\(path): cannot be opened")
        }
        defer { try? handle.close() }
        var position = range.lowerBound
        while position < range.upperBound {
            try Task.checkCancellation()
            let bytes: [UInt8]
            do {
                try handle.seek(toOffset: UInt64(position))
                bytes = Array(try handle.read(upToCount: Int(min(Self.piece, range.upperBound - position))) ?? Data())
            } catch { throw BlobError(.unavailable, "\(path): cannot be read") }
            guard !bytes.isEmpty else { throw BlobError(.corrupt, "\(path): shorter than its descriptor says") }
            position += Int64(bytes.count)
            try await consume(bytes)
        }
    }
}
