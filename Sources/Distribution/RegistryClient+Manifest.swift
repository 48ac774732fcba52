internal import HTTP
package import OCI

extension RegistryClient {
    /// Finds out what `reference` names now, with exactly the credentials given (the node's own if none), and returns its manifest.
    ///
    /// At least one request is made in any case, so this is also the check whether these credentials may read the image. With `held`
    /// the digest is asked for first (HEAD), and bytes that are held already are not fetched again (registry.md 2).
    /// - Throws: `RegistryError`, `CancellationError`.
    package func resolve(
        _ reference: Reference, credentials: RequestCredentials? = nil,
        held: (@Sendable (Digest) async throws -> HeldManifest?)? = nil
    ) async throws -> FetchedManifest {
        let access = Access(reference: reference, request: credentials)
        if let digest = reference.digest {
            guard let known = try await held?(digest), digest.matches(known.bytes) else {
                return try await manifest(access, digest: digest)
            }
            try await check(access, name: "\(digest)", .pull)
            return FetchedManifest(digest: digest, mediaType: known.mediaType, bytes: known.bytes, host: reference.host)
        }
        let tag = reference.resolutionTag ?? "latest"
        guard let held, let digest = try await head(access, tag: tag) else {
            return try await manifest(access, tag: tag)
        }
        if let known = try await held(digest), digest.matches(known.bytes) {
            return FetchedManifest(digest: digest, mediaType: known.mediaType, bytes: known.bytes, host: reference.host)
        }
        return try await manifest(access, digest: digest)
    }

    /// The manifest with `digest`, from the repository of `reference`.
    package func manifest(
        _ reference: Reference, digest: Digest, credentials: RequestCredentials? = nil
    ) async throws -> FetchedManifest {
        try await manifest(Access(reference: reference, request: credentials), digest: digest)
    }

    /// One request that shows whether these credentials may read the manifest `digest` (KEP-2535).
    /// - Throws: `RegistryError`; `unauthenticated` and `denied` mean no, others that it could not be found out.
    package func checkAccess(_ reference: Reference, digest: Digest, credentials: RequestCredentials?) async throws {
        try await check(Access(reference: reference, request: credentials), name: "\(digest)", .pull)
    }

    private func call(_ access: Access, _ name: String) -> Call {
        Call(
            path: "\(access.reference.repository)/manifests/\(name)", headers: Call.manifestTypes,
            timeouts: options.timeouts)
    }

    private func check(_ access: Access, name: String, _ capability: Endpoint.Capability) async throws {
        var call = call(access, name)
        call.method = .head
        let step = "asking for manifest \(access.reference.repository)@\(name)"
        _ = try await overHosts(access, capability) { endpoint in
            try await self.send(call, to: endpoint, access, step: step, accepted: [200])
        }
    }

    /// The digest a tag stands for now, or nil if HEAD does not tell; then GET must.
    private func head(_ access: Access, tag: String) async throws -> Digest? {
        var call = call(access, tag)
        call.method = .head
        let step = "resolving \(access.reference.repository):\(tag)"
        return try await overHosts(access, .resolve) { endpoint in
            let answer = try await self.send(call, to: endpoint, access, step: step, accepted: [200, 400, 405, 501])
            guard answer.head.status == 200 else { return nil }
            return answer.head.headers.first(of: "Docker-Content-Digest").flatMap { try? Digest($0.trimmed) }
        }
    }

    private func manifest(_ access: Access, digest: Digest) async throws -> FetchedManifest {
        let step = "reading manifest \(access.reference.repository)@\(digest)"
        return try await overHosts(access, .pull) { endpoint in
            let fetched = try await self.fetch(access, "\(digest)", endpoint, step)
            // The digest asked for decides, whatever the registry says about it.
            guard digest.matches(fetched.bytes) else {
                throw HostFailure(
                    RegistryError(
                        .invalidResponse, "\(endpoint.name): \(step): the content has another digest",
                        host: endpoint.name))
            }
            return FetchedManifest(
                digest: digest, mediaType: fetched.mediaType, bytes: fetched.bytes, host: endpoint.name)
        }
    }

    private func manifest(_ access: Access, tag: String) async throws -> FetchedManifest {
        let step = "reading manifest \(access.reference.repository):\(tag)"
        return try await overHosts(access, .resolve) { endpoint in
            let fetched = try await self.fetch(access, tag, endpoint, step)
            // Like is compared only with like: the header may use another algorithm.
            if let said = fetched.said, !said.matches(fetched.bytes) {
                throw HostFailure(
                    RegistryError(
                        .invalidResponse,
                        "\(endpoint.name): \(step): the content has another digest than the registry says",
                        host: endpoint.name))
            }
            return FetchedManifest(
                digest: Digest(of: fetched.bytes), mediaType: fetched.mediaType, bytes: fetched.bytes,
                host: endpoint.name)
        }
    }

    private func fetch(
        _ access: Access, _ name: String, _ endpoint: Endpoint, _ step: String
    ) async throws -> (bytes: [UInt8], mediaType: String, said: Digest?) {
        let result = try await document(
            call(access, name), from: endpoint, access, step: step, cap: OCIDocument.maximumSize)
        let headers = result.answer.head.headers
        return (
            result.body ?? [], headers.first(of: "Content-Type") ?? "",
            headers.first(of: "Docker-Content-Digest").flatMap { try? Digest($0.trimmed) }
        )
    }
}
