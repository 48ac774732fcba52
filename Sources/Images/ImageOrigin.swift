package import Distribution
package import OCI

/// Where images come from: a registry, or an OCI layout on disk. Everything given out but a source's ranges is verified by digest.
package protocol ImageOrigin: Sendable {
    /// The manifest a name stands for. Always asks the origin: this is the access check of a pull (KEP-2535).
    func resolve(_ reference: Reference) async throws -> FetchedManifest
    func manifest(_ digest: Digest, in reference: Reference) async throws -> FetchedManifest
    /// A small blob, whole.
    func blob(_ descriptor: Descriptor, in reference: Reference, cap: Int64) async throws -> [UInt8]
    /// A blob as a file at `path`, which is made, or written anew.
    func save(_ descriptor: Descriptor, in reference: Reference, cap: Int64, at path: String) async throws
    /// A blob for ranged reads.
    func source(_ descriptor: Descriptor, in reference: Reference) -> any BlobSource
    /// Manifests that name `subject` as theirs.
    func referrers(of subject: Digest, artifactType: String, in reference: Reference) async throws -> [Descriptor]
    /// Whether referrers are listed; else they are found by a tag alone.
    func listsReferrers(of subject: Digest, in reference: Reference) async throws -> Bool
    /// Whether parts of a blob can be fetched.
    func servesRanges(of descriptor: Descriptor, in reference: Reference) async throws -> Bool
}

/// A registry, asked with the credentials of one request.
package struct RegistryOrigin: ImageOrigin {
    private let client: RegistryClient
    private let credentials: RequestCredentials?
    private let held: HeldDocuments?

    package init(_ client: RegistryClient, credentials: RequestCredentials?) {
        self.init(client, credentials: credentials, held: nil)
    }

    /// - Parameter held: what is not fetched again; asking for a name still asks the registry.
    init(_ client: RegistryClient, credentials: RequestCredentials?, held: HeldDocuments?) {
        self.client = client
        self.credentials = credentials
        self.held = held
    }

    package func resolve(_ reference: Reference) async throws -> FetchedManifest {
        guard let held, try held.mayHold(reference) else {
            return try await client.resolve(reference, credentials: credentials)
        }
        return try await client.resolve(reference, credentials: credentials) { try await held.manifest($0) }
    }

    package func manifest(_ digest: Digest, in reference: Reference) async throws -> FetchedManifest {
        if let known = try await held?.manifest(digest), digest.matches(known.bytes) {
            return FetchedManifest(digest: digest, mediaType: known.mediaType, bytes: known.bytes, host: reference.host)
        }
        return try await client.manifest(reference, digest: digest, credentials: credentials)
    }

    package func blob(_ descriptor: Descriptor, in reference: Reference, cap: Int64) async throws -> [UInt8] {
        if let config = try held?.config(descriptor.digest) { return config }
        return try await client.blob(reference, descriptor, cap: cap, credentials: credentials)
    }

    package func save(
        _ descriptor: Descriptor, in reference: Reference, cap: Int64, at path: String
    ) async throws {
        _ = try await client.blob(reference, descriptor, cap: cap, credentials: credentials) {
            try BlobFile(path, algorithm: descriptor.digest.algorithm)
        }
    }

    package func source(_ descriptor: Descriptor, in reference: Reference) -> any BlobSource {
        client.source(reference, descriptor, credentials: credentials)
    }

    package func referrers(
        of subject: Digest, artifactType: String, in reference: Reference
    ) async throws -> [Descriptor] {
        try await client.referrers(
            reference, of: subject, artifactType: artifactType, credentials: credentials)
    }

    package func listsReferrers(of subject: Digest, in reference: Reference) async throws -> Bool {
        try await client.hasReferrersAPI(reference, of: subject, credentials: credentials)
    }

    package func servesRanges(of descriptor: Descriptor, in reference: Reference) async throws -> Bool {
        try await client.supportsRanges(reference, descriptor, credentials: credentials)
    }
}
