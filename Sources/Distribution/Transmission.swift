internal import HTTP
internal import OCI

/// Sends a call to one endpoint: answers challenges, follows redirects by hand, and hands over the body only of answers that are wanted.
struct Transmission: Sendable {
    /// Most that is kept of a body that was not wanted.
    static let errorBodyLimit = 16 << 10

    let http: HTTPClient
    let authorizer: Authorizer
    let metrics: RegistryMetrics

    /// Thrown to end a transfer of which enough has been seen.
    private struct Enough: Error {}

    /// - Parameters:
    ///   - step: what is done, for messages.
    ///   - wants: whether the body goes to `onBody`; the error it throws ends the transfer.
    /// - Throws: `HostFailure`, `CancellationError`, what the closures throw.
    func send(
        _ call: Call, to endpoint: Endpoint, access: Access, step: String,
        wants: (HTTPResponseHead) throws -> Bool = { _ in false }, onBody: ([UInt8]) async throws -> Void = { _ in }
    ) async throws -> Answer {
        var url = try call.url(at: endpoint)
        let origin = endpoint.base.origin
        var isForeign = url.origin != origin
        var hops = 0
        while true {
            let answer =
                isForeign
                ? try await plain(call, url, endpoint, step, wants, onBody)
                : try await authorized(call, url, endpoint, access, step, wants, onBody)
            guard call.method == .get || call.method == .head, RedirectPolicy.isRedirect(answer.head.status) else {
                return answer
            }
            let next: RedirectPolicy.Step
            do throws(RegistryError) {
                next = try RedirectPolicy.next(
                    from: url, location: answer.head.headers.first(of: "Location"), origin: origin, hops: hops)
            } catch { throw HostFailure(error) }
            if !next.isSameOrigin && !call.followsToOtherHosts { return answer }
            url = next.url
            isForeign = !next.isSameOrigin
            hops += 1
        }
    }

    /// A request to another host than the registry: no credentials, no headers meant for the registry, no client certificate.
    func plain(
        _ call: Call, _ url: HTTPURL, _ endpoint: Endpoint, _ step: String, _ wants: (HTTPResponseHead) throws -> Bool,
        _ onBody: ([UInt8]) async throws -> Void
    ) async throws -> Answer {
        var tls = endpoint.tls
        tls.clientCertificate = nil
        let request = HTTPRequest(
            call.method, url.text, headers: call.headers, range: call.range, body: call.body?(), tls: tls,
            timeouts: call.timeouts)
        return try await transmit(request, url, isForeign: true, step, wants, onBody)
    }

    private func authorized(
        _ call: Call, _ url: HTTPURL, _ endpoint: Endpoint, _ access: Access, _ step: String,
        _ wants: (HTTPResponseHead) throws -> Bool, _ onBody: ([UInt8]) async throws -> Void
    ) async throws -> Answer {
        let scope = TokenScope(repository: access.reference.repository, actions: call.actions)
        let candidates: [CredentialCandidate]
        do throws(RegistryError) { candidates = try access.candidates(at: endpoint) } catch { throw HostFailure(error) }
        let left = authorizer.refused.left(of: candidates, at: endpoint, scope)
        var refusals: [Result<Answer, any Error>] = []
        for candidate in left {
            let question = Authorizer.Question(
                endpoint: endpoint, repository: access.reference.repository, scope: scope, candidate: candidate)
            do {
                let answer = try await attempt(call, url, question, step, wants, onBody)
                guard answer.head.status == 401 || answer.head.status == 403 else {
                    authorizer.refused.note(Array(left.prefix(refusals.count)), at: endpoint, scope)
                    return answer
                }
                refusals.append(.success(answer))
            } catch let failure as HostFailure where [.unauthenticated, .denied].contains(failure.error.code) {
                refusals.append(.failure(failure))
            }
        }
        authorizer.refused.forget(candidates, at: endpoint, scope)
        guard let last = refusals.last else {
            throw HostFailure(RegistryError(.unauthenticated, "\(endpoint.name): no credentials to try"))
        }
        return try last.get()
    }

    /// One credential, with the renewals of registry.md 3.1 and 5: at most two for challenges; for an expired token one, and for the node's
    /// own credentials as many as there may be sources.
    private func attempt(
        _ call: Call, _ url: HTTPURL, _ question: Authorizer.Question,
        _ step: String, _ wants: (HTTPResponseHead) throws -> Bool, _ onBody: ([UInt8]) async throws -> Void
    ) async throws -> Answer {
        let endpoint = question.endpoint
        let isNode = question.candidate == .node
        var challenges = 0
        var refreshes = 0
        while true {
            let sent = try await authorizer.authorization(question)
            let request = HTTPRequest(
                call.method, url.text, headers: call.headers + endpoint.headers + (sent.header.map { [$0] } ?? []),
                range: call.range, body: call.body?(), tls: endpoint.tls, timeouts: call.timeouts)
            let answer = try await transmit(request, url, isForeign: false, step, wants, onBody)
            let mayRefresh = refreshes < (isNode ? Authorizer.renewalLimit : 1)
            switch answer.head.status {
            case 401:
                challenges += 1
                let hasLearnt =
                    challenges <= 2
                    && authorizer.learn(answer.head.headers, at: endpoint, scope: question.scope, after: sent)
                if hasLearnt { continue }
                guard mayRefresh, isNode else { return answer }
            case 403 where mayRefresh:
                guard ErrorBody.saysExpired(answer.errorBody) || isNode && sent.header != nil else { return answer }
            default: return answer
            }
            refreshes += 1
            guard try await authorizer.refresh(after: sent, question, isFirst: refreshes == 1) else { return answer }
        }
    }

    private func transmit(
        _ request: HTTPRequest, _ url: HTTPURL, isForeign: Bool, _ step: String,
        _ wants: (HTTPResponseHead) throws -> Bool, _ onBody: ([UInt8]) async throws -> Void
    ) async throws -> Answer {
        var isWanted = false
        var kept: [UInt8] = []
        var seen: HTTPResponseHead?
        do {
            seen = try await metrics.observing(isForeign ? .storage : .api) { answered in
                try await http.stream(request) { head in
                    seen = head
                    answered(head.status)
                    isWanted = try wants(head)
                } onBody: { bytes in
                    if isWanted { return try await onBody(bytes) }
                    kept += bytes.prefix(Self.errorBodyLimit - kept.count)
                    if kept.count >= Self.errorBodyLimit { throw Enough() }
                }
            }
        } catch is Enough {
        } catch let error as HTTPError {
            // The body of an error may be cut; its status still counts.
            guard seen != nil, !isWanted, !kept.isEmpty else {
                throw HostFailure(error, at: url.origin.shortName, step: step)
            }
        }
        guard let seen else { throw HostFailure(RegistryError(.invalidResponse, "\(url.origin.shortName): no answer")) }
        return Answer(head: seen, errorBody: kept, url: url, isForeign: isForeign)
    }
}
