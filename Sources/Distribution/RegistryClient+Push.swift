internal import HTTP
package import OCI
internal import Synchronization

extension RegistryClient {
    /// Blobs above this are uploaded in pieces: 64 MiB.
    static let chunkedAbove: Int64 = 64 << 20
    /// Size of a piece, unless the registry wants larger ones: 16 MiB.
    static let chunkSize: Int64 = 16 << 20

    /// Uploads a blob unless the repository has it (registry.md 8).
    /// - Parameters:
    ///   - content: gives the bytes; its size must be the descriptor's.
    ///   - origin: another repository of the same registry that may have the blob; it is mounted from there if the registry can.
    /// - Throws: `RegistryError`, `CancellationError`, what `content` throws.
    package func pushBlob(
        _ reference: Reference, _ descriptor: Descriptor, content: any BlobSource, mountFrom origin: Reference? = nil,
        credentials: RequestCredentials? = nil
    ) async throws {
        let access = Access(reference: reference, request: credentials)
        let upload = BlobUpload(
            client: self, access: access, descriptor: descriptor, content: content,
            mountFrom: origin?.host == reference.host ? origin?.repository : nil)
        try await atLastHost(access, .push) { endpoint in try await upload.run(at: endpoint) }
    }

    /// Stores a manifest under the tag of `reference`, or under its digest if it has no tag, and makes it findable from its subject.
    ///
    /// If the manifest has a `subject` and the registry has no referrers API, the fallback tag is updated.
    /// - Returns: the manifest's digest.
    /// - Throws: `RegistryError`, `CancellationError`.
    @discardableResult package func pushManifest(
        _ reference: Reference, bytes: [UInt8], mediaType: MediaType, credentials: RequestCredentials? = nil
    ) async throws -> Digest {
        let access = Access(reference: reference, request: credentials)
        let digest = reference.digest.map { Digest(of: bytes, $0.algorithm) } ?? Digest(of: bytes)
        guard reference.digest == nil || reference.digest == digest else {
            throw RegistryError(.invalidResponse, "\(reference): the manifest to push has the digest \(digest)")
        }
        let name = reference.digest == nil ? reference.tag ?? "\(digest)" : "\(digest)"
        let answer = try await put(access, name, bytes, mediaType, headers: [])
        if let said = answer.head.headers.first(of: "Docker-Content-Digest").flatMap({ try? Digest($0.trimmed) }),
            said.algorithm == digest.algorithm, said != digest
        {
            throw RegistryError(
                .invalidResponse, "\(reference.host): stored the manifest as \(said), sent was \(digest)")
        }
        guard let manifest = try? Manifest(parsing: bytes), let subject = manifest.subject else { return digest }
        // One registry promised `OCI-Subject` before it had the API, so the promise is checked (registry.md 6.3).
        let isPromised = answer.head.headers.first(of: "OCI-Subject") != nil
        if isPromised, try await referrersByAPI(access, of: subject.digest, artifactType: nil) != nil { return digest }
        let entry = Descriptor(
            mediaType: mediaType, digest: digest, size: Int64(bytes.count), annotations: manifest.annotations,
            artifactType: manifest.effectiveArtifactType)
        try await FallbackTagUpdate(client: self, access: access, subject: subject.digest, entry: entry).run()
        return digest
    }

    /// PUTs a manifest under a tag or digest.
    func put(
        _ access: Access, _ name: String, _ bytes: [UInt8], _ mediaType: MediaType, headers: [HTTPHeader],
        accepted: Set<Int> = [200, 201, 202]
    ) async throws -> Answer {
        var call = Call(
            method: .put, path: "\(access.reference.repository)/manifests/\(name)", timeouts: options.timeouts)
        call.headers = [HTTPHeader("Content-Type", mediaType.rawValue)] + headers
        call.body = { .bytes(bytes) }
        call.actions = ["pull", "push"]
        let asked = call
        return try await atLastHost(access, .push) { endpoint in
            try await self.send(
                asked, to: endpoint, access, step: "pushing manifest \(access.reference.repository):\(name)",
                accepted: accepted)
        }
    }
}

/// A blob that is in memory.
package struct BytesSource: BlobSource {
    private let bytes: [UInt8]

    package init(_ bytes: [UInt8]) { self.bytes = bytes }

    package var size: Int64 { Int64(bytes.count) }

    package func read(_ range: Range<Int64>, _ consume: ([UInt8]) async throws -> Void) async throws {
        guard range.lowerBound >= 0, range.upperBound <= size else {
            throw BlobError(.corrupt, "bytes \(range) asked of \(size)")
        }
        if !range.isEmpty { try await consume(Array(bytes[Int(range.lowerBound)..<Int(range.upperBound)])) }
    }
}
