internal import HTTP
internal import Logging
package import OCI

extension RegistryClient {
    /// Pages read of one answer.
    static let referrersPages = 20

    /// What refers to the manifest `digest` in the repository of `reference`: by the referrers API, else by the fallback tag (registry.md 6).
    ///
    /// An empty list means that there is none. "Could not ask" (no connection, refused, rate limited) is thrown; a registry without the API,
    /// or with something odd in its place, is asked for the fallback tag.
    /// - Parameter artifactType: only these; nil for all.
    /// - Throws: `RegistryError`, `CancellationError`.
    package func referrers(
        _ reference: Reference, of digest: Digest, artifactType: String? = nil, credentials: RequestCredentials? = nil
    ) async throws -> [Descriptor] {
        let access = Access(reference: reference, request: credentials)
        let listed = try await referrersByAPI(access, of: digest, artifactType: artifactType)
        let all = if let listed { listed } else { try await fallbackIndex(access, of: digest).descriptors }
        return ReferrersPage.filter(all, artifactType: artifactType)
    }

    /// Whether the registry has the referrers API; else referrers are found by their tag alone.
    /// - Throws: `RegistryError` if it could not be asked, `CancellationError`.
    package func hasReferrersAPI(
        _ reference: Reference, of digest: Digest, credentials: RequestCredentials? = nil
    ) async throws -> Bool {
        let access = Access(reference: reference, request: credentials)
        return try await referrersByAPI(access, of: digest, artifactType: nil) != nil
    }

    /// The answer of the API, or nil where there is none.
    func referrersByAPI(_ access: Access, of digest: Digest, artifactType: String?) async throws -> [Descriptor]? {
        // Older hosts.toml files list capabilities without `referrers`; then only the tag is left.
        let all = try endpoints(for: access.reference)
        guard all.contains(where: { $0.capabilities.contains(.referrers) }) else { return nil }
        return try await overHosts(access, .referrers) { endpoint in
            let found = try await self.pages(access, of: digest, artifactType: artifactType, at: endpoint)
            guard found != nil || endpoint.isOrigin else {
                throw HostFailure(
                    RegistryError(.unsupported, "\(endpoint.name): no referrers API", host: endpoint.name))
            }
            return found
        }
    }

    private func pages(
        _ access: Access, of digest: Digest, artifactType: String?, at endpoint: Endpoint
    ) async throws -> [Descriptor]? {
        let step = "asking for referrers of \(access.reference.repository)@\(digest)"
        var call = Call(path: "\(access.reference.repository)/referrers/\(digest)", timeouts: options.timeouts)
        call.query = artifactType.map { [("artifactType", $0)] } ?? []
        call.headers = [HTTPHeader("Accept", MediaType.ociIndex.rawValue)]
        call.followsToOtherHosts = false
        var found: [Descriptor] = []
        var seen: Set<String> = []
        for page in 0..<Self.referrersPages {
            let result = try await document(
                call, from: endpoint, access, step: step, cap: OCIDocument.maximumSize,
                others: [301, 302, 303, 307, 308, 400, 404, 405, 501])
            let answer = result.answer
            guard let body = result.body, let parsed = ReferrersPage(parsing: body) else {
                if page == 0, answer.head.status != 400 || !ErrorBody.isRegistryError(answer.errorBody) { return nil }
                throw failure(answer, endpoint, step)
            }
            found += parsed.descriptors
            guard let link = LinkHeader.next(answer.head.headers.values(of: "Link")) else { return found }
            guard let next = try? answer.url.resolving(link), next.origin == endpoint.base.origin else {
                throw HostFailure(
                    RegistryError(.invalidResponse, "\(endpoint.name): \(step): the next page is at another host"))
            }
            guard seen.insert(next.text).inserted else { break }
            call.location = next
        }
        logger.debug("referrers cut short", metadata: ["registry.host": "\(endpoint.name)"])
        return found
    }

    /// The index under the fallback tag; empty if there is no such tag or it is no index.
    func fallbackIndex(
        _ access: Access, of digest: Digest, actions: Set<String> = ["pull"]
    ) async throws -> (descriptors: [Descriptor], body: [UInt8]?, tag: String?) {
        let tag = ReferrersPage.fallbackTag(digest)
        var call = Call(
            path: "\(access.reference.repository)/manifests/\(tag)", headers: Call.manifestTypes,
            timeouts: options.timeouts)
        call.actions = actions
        let asked = call
        let step = "reading referrers tag \(access.reference.repository):\(tag)"
        let attempt: (Endpoint) async throws -> (answer: Answer, body: [UInt8]?) = { endpoint in
            try await self.document(
                asked, from: endpoint, access, step: step, cap: OCIDocument.maximumSize, others: [404])
        }
        // Who is about to change the tag must see the registry's own.
        let result =
            if actions.contains("push") { try await atLastHost(access, .push, attempt) } else {
                try await overHosts(access, .resolve, attempt)
            }
        guard let body = result.body, let page = ReferrersPage(parsing: body) else { return ([], nil, nil) }
        return (page.descriptors, body, result.answer.head.headers.first(of: "ETag"))
    }
}
