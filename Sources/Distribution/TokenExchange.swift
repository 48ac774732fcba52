internal import HTTP

/// Asks a token server for a token (registry.md 3.2).
struct TokenExchange: Sendable {
    let http: HTTPClient
    let time: Timebase
    let metrics: RegistryMetrics
    /// Most that is read of an answer.
    static let maximumAnswer = 1 << 20

    /// - Parameters:
    ///   - usesForm: whether POST is tried first for user and password; set to false once a server turned out not to know it.
    /// - Throws: `HostFailure`, `CancellationError`.
    func token(_ key: TokenKey, tls: TLSOptions, usesForm: Bool) async throws -> (token: Token, usesForm: Bool) {
        let scopes = key.scopes.map(\.text)
        var form = [
            ("service", key.service ?? ""), ("client_id", "imagelet"), ("scope", scopes.joined(separator: " ")),
        ]
        switch key.credential {
        case .identityToken(let token)?:
            form += [("grant_type", "refresh_token"), ("refresh_token", token)]
            return (try self.token(of: try await post(form, key, tls), key), true)
        case .basic(let user, let password)? where usesForm:
            form += [("grant_type", "password"), ("username", user), ("password", password)]
            let response = try await post(form, key, tls)
            // GCR, Artifactory and ACR each answer one of these where they want GET.
            if ![400, 401, 404, 405].contains(response.status) { return (try self.token(of: response, key), true) }
            return (try self.token(of: try await get(key, tls), key), false)
        case .basic?, .registryToken?, nil:
            return (try self.token(of: try await get(key, tls), key), usesForm)
        }
    }

    private func get(_ key: TokenKey, _ tls: TLSOptions) async throws -> HTTPResponse {
        var items = key.service.map { [("service", $0)] } ?? []
        items += key.scopes.map { ("scope", $0.text) } + [("client_id", "imagelet")]
        var headers = [HTTPHeader("Accept", "application/json")]
        if case .basic(let user, let password)? = key.credential {
            items.append(("account", user))
            headers.append(BasicAuthorization.header(user: user, password: password))
        }
        let url = key.realm + (key.realm.contains("?") ? "&" : "?") + PercentEncoding.form(items)
        return try await send(HTTPRequest(.get, url, headers: headers, tls: tls), key)
    }

    private func post(_ form: [(String, String)], _ key: TokenKey, _ tls: TLSOptions) async throws -> HTTPResponse {
        let headers = [
            HTTPHeader("Accept", "application/json"), HTTPHeader("Content-Type", "application/x-www-form-urlencoded"),
        ]
        let body = HTTPBody.bytes(Array(PercentEncoding.form(form).utf8))
        return try await send(HTTPRequest(.post, key.realm, headers: headers, body: body, tls: tls), key)
    }

    private func send(_ request: HTTPRequest, _ key: TokenKey) async throws -> HTTPResponse {
        do {
            return try await metrics.observing(.tokenServer) { answered in
                let response = try await http.send(request, maxBody: Self.maximumAnswer)
                answered(response.status)
                return response
            }
        } catch let error as HTTPError {
            throw HostFailure(error, at: host(key), step: "asking for a token")
        }
    }

    private func token(of response: HTTPResponse, _ key: TokenKey) throws -> Token {
        guard response.status == 200, let url = try? HTTPURL(key.realm) else {
            guard let url = try? HTTPURL(key.realm) else {
                throw HostFailure(RegistryError(.invalidResponse, "a token server without a URL"))
            }
            let answer = Answer(
                head: response.head, errorBody: Array(response.body.prefix(Transmission.errorBodyLimit)), url: url,
                isForeign: false)
            throw HostFailure(answer, at: host(key), step: "asking for a token")
        }
        do throws(RegistryError) {
            return try Token(parsing: response.body, receivedAt: time.now(), host: url.origin.shortName)
        } catch { throw HostFailure(error) }
    }

    private func host(_ key: TokenKey) -> String { (try? HTTPURL(key.realm))?.origin.shortName ?? "token server" }
}
