package import Distribution
internal import Linux
package import OCI
internal import SOCI

/// Images in an OCI layout on disk, for tools.
package struct LayoutOrigin: ImageOrigin {
    private let layout: OCILayout
    private let name: String?

    /// - Parameter name: tag or digest in the layout; nil for its only image.
    package init(_ layout: OCILayout, name: String?) {
        self.layout = layout
        self.name = name
    }

    /// Opens `DIRECTORY[:TAG]` and gives it a reference to be called by.
    package static func open(_ text: String) throws -> (origin: any ImageOrigin, reference: Reference) {
        var path = text[...]
        var name: String?
        // A colon before the last slash belongs to a directory's name.
        if let colon = text.lastIndex(of: ":"), !text[colon...].contains("/") {
            path = text[..<colon]
            name = String(text[text.index(after: colon)...])
        }
        let origin = LayoutOrigin(try OCILayout(path: String(path)), name: name)
        let reference = try Reference("localhost/layout")
        return (origin, try name.map { try reference.withTag($0) } ?? reference.withDefaultTag)
    }

    package func resolve(_ reference: Reference) async throws -> FetchedManifest { try layout.resolve(name) }

    package func manifest(_ digest: Digest, in reference: Reference) async throws -> FetchedManifest {
        try layout.manifest(digest)
    }

    package func blob(_ descriptor: Descriptor, in reference: Reference, cap: Int64) async throws -> [UInt8] {
        try layout.blob(descriptor, cap: cap)
    }

    package func save(
        _ descriptor: Descriptor, in reference: Reference, cap: Int64, at path: String
    ) async throws {
        try Path.replace(path, with: [try layout.blob(descriptor, cap: cap)])
    }

    package func source(_ descriptor: Descriptor, in reference: Reference) -> any BlobSource {
        layout.source(descriptor)
    }

    /// A layout has no referrers API; tools that copy images keep the fallback tag.
    package func referrers(
        of subject: Digest, artifactType: String, in reference: Reference
    ) async throws -> [Descriptor] {
        let listed: FetchedManifest
        do {
            listed = try layout.resolve(Discovery.fallbackTag(for: subject))
        } catch let error as RegistryError where error.code == .notFound {
            return []
        }
        return try ImageIndex(parsing: listed.bytes).manifests.filter { $0.artifactType?.rawValue == artifactType }
    }

    package func listsReferrers(of subject: Digest, in reference: Reference) async throws -> Bool { false }

    package func servesRanges(of descriptor: Descriptor, in reference: Reference) async throws -> Bool { true }
}
