internal import Linux
package import OCI

/// An OCI layout directory that holds indexes made here until they are pushed (image-spec, image-layout.md): blobs by digest, and in
/// `index.json` the index manifests with the image each is for.
package struct IndexLayout: Sendable {
    /// The image reference an index was built for, as an annotation of its descriptor.
    package static let imageAnnotation = "dev.imagelet.image"
    /// Digest of the image manifest an index is for.
    package static let subjectAnnotation = "dev.imagelet.subject"

    package let path: String

    package init(_ path: String) {
        self.path = path
    }

    /// Writes a blob given as pieces.
    package func add(_ pieces: [[UInt8]], digest: Digest) throws {
        let directory = "\(path)/blobs/sha256"
        try Directory.create(directory, permissions: 0o755)
        try Path.replace("\(directory)/\(digest.hex)", with: pieces, permissions: 0o644)
    }

    package func read(_ digest: Digest) throws -> [UInt8] {
        let bytes = try Path.read("\(path)/blobs/sha256/\(digest.hex)", cap: IndexStore.largest)
        guard Digest(of: bytes, digest.algorithm) == digest else {
            throw ImageError(.corrupt, "\(path): blob \(digest) does not have its digest; build the index again")
        }
        return bytes
    }

    /// Lists an index manifest in `index.json`, instead of an older one for the same image manifest.
    package func list(_ descriptor: Descriptor) throws {
        var index = try self.index()
        index.manifests.removeAll {
            $0.annotations[Self.subjectAnnotation] == descriptor.annotations[Self.subjectAnnotation]
        }
        index.manifests.append(descriptor)
        try Path.replace("\(path)/index.json", with: [try OCIDocument.encode(index)], permissions: 0o644)
        try Path.replace(
            "\(path)/oci-layout", with: [Array(#"{"imageLayoutVersion":"1.0.0"}"#.utf8)], permissions: 0o644)
    }

    /// The listed index manifests; none if the layout does not exist.
    package func indexes() throws -> [Descriptor] { try index().manifests }

    private func index() throws -> ImageIndex {
        let file = "\(path)/index.json"
        guard try Path.exists(file) else { return ImageIndex(manifests: []) }
        return try ImageIndex(parsing: try Path.read(file, cap: OCIDocument.maximumSize))
    }
}
