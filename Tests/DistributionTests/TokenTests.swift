import Distribution
import OCI
import Synchronization
import TestSupport
import Testing

/// Bearer tokens of a real registry, given out by a real token server.
@Suite struct TokenTests {
    static let user = RequestCredentials(username: "user", password: "password")

    static func withTokens(
        _ options: TokenServer.Options = .init(), _ body: (TestRegistry, TokenServer) async throws -> Void
    ) async throws {
        let scratch = try ScratchDirectory()
        let server = try TokenServer(options, certificates: try TestCertificates(in: scratch.path))
        defer { server.stop() }
        try await withTestRegistry(.init(access: .token(server))) { registry in try await body(registry, server) }
    }

    @Test func oneExchangeForManyReads() async throws {
        try await Self.withTokens { registry, server in
            let image = try SampleImage()
            let reference = try await image.push(makeClient(), "\(registry.host)/app:v1", credentials: Self.user)
            let before = server.exchanges.count
            let client = makeClient()
            let source = client.source(reference, image.layerDescriptor, credentials: Self.user)
            try await withThrowingTaskGroup(of: Bool.self) { group in
                for number in 0..<100 {
                    let start = number * 1000
                    group.addTask {
                        try await source.bytes(Int64(start)..<Int64(start + 1000))
                            == Array(image.layer[start..<start + 1000])
                    }
                }
                for try await isRight in group { #expect(isRight) }
            }
            #expect(server.exchanges.count == before + 1)
        }
    }

    @Test func postThenGet() async throws {
        try await Self.withTokens(.init(postStatus: 404)) { registry, server in
            let client = makeClient()
            let image = try SampleImage()
            let reference = try await image.push(client, "\(registry.host)/team/app:v1", credentials: Self.user)
            _ = try await client.resolve(reference, credentials: Self.user)
            // POST was tried once and not again, for any scope.
            #expect(server.exchanges.map(\.method).filter { $0 == "POST" }.count == 1)
            #expect(server.exchanges.allSatisfy { $0.fields["service"] == [server.service] })
            #expect(server.exchanges.last?.fields["scope"] == ["repository:team/app:pull"])
        }
    }

    @Test func identityTokensAreExchangedByPost() async throws {
        try await Self.withTokens { registry, server in
            let client = makeClient()
            let image = try SampleImage()
            let reference = try await image.push(client, "\(registry.host)/app:v1", credentials: Self.user)
            let before = server.exchanges.count
            let token = RequestCredentials(identityToken: TokenServer.refreshToken)
            _ = try await client.resolve(reference, credentials: token)
            #expect(server.exchanges[before...].map(\.method) == ["POST"])
            #expect(server.exchanges.last?.fields["grant_type"] == ["refresh_token"])
            let wrong = RequestCredentials(identityToken: "wrong-secret")
            let error = await failure { _ = try await client.resolve(reference, credentials: wrong) }
            #expect(code(error) == .unauthenticated)
            #expect(!"\(error.map { "\($0)" } ?? "")".contains("wrong-secret"))
        }
    }

    @Test func anonymousPulls() async throws {
        try await Self.withTokens(.init(anonymousPull: true)) { registry, server in
            let client = makeClient()
            let image = try SampleImage()
            let reference = try await image.push(client, "\(registry.host)/app:v1", credentials: Self.user)
            #expect(try await client.resolve(reference).digest == image.digest)
            #expect(server.exchanges.last?.method == "GET")
            #expect(server.exchanges.last?.user == nil)
            // Pushing needs more; the token server grants less, and the registry says so.
            let denied = await failure {
                try await client.pushManifest(reference, bytes: image.manifest, mediaType: .ociManifest)
            }
            #expect([.unauthenticated, .denied].contains(code(denied)))
        }
    }

    @Test func wrongPasswordsAreRefusedThoughAnImageIsKnown() async throws {
        try await Self.withTokens { registry, _ in
            let log = LogLines()
            let client = makeClient(log: log)
            let image = try SampleImage()
            let reference = try await image.push(client, "\(registry.host)/app:v1", credentials: Self.user)
            let wrong = RequestCredentials(username: "user", password: "wrong-secret")
            let error = await failure {
                _ = try await client.resolve(reference, credentials: wrong) { _ in
                    HeldManifest(mediaType: "", bytes: image.manifest)
                }
            }
            #expect(code(error) == .unauthenticated)
            #expect(!log.all.contains { $0.contains("wrong-secret") || $0.contains("Bearer") })
        }
    }

    @Test(arguments: [nil, 300, 40]) func tokensAreRenewedInTime(expiresIn: Int?) async throws {
        // The server's own clock does not move here: only ours decides when to ask again.
        let life = expiresIn ?? 60
        let renewAt = life == 300 ? 225 : life == 60 ? 30 : 20
        try await Self.withTokens(.init(expiresIn: expiresIn)) { registry, server in
            let image = try SampleImage()
            let reference = try await image.push(makeClient(), "\(registry.host)/app:v1", credentials: Self.user)
            let time = ManualTime()
            let client = makeClient(time: time)
            let before = server.exchanges.count
            _ = try await client.resolve(reference, credentials: Self.user)
            time.advance(by: .seconds(renewAt - 1))
            _ = try await client.resolve(reference, credentials: Self.user)
            #expect(server.exchanges.count == before + 1)
            time.advance(by: .seconds(2))
            _ = try await client.resolve(reference, credentials: Self.user)
            #expect(server.exchanges.count == before + 2)
        }
    }

    @Test func ecrSaysExpiredWith403() async throws {
        /// Gives another password each time it is asked for a fresh one.
        final class Rotating: CredentialSource {
            let asked = Mutex(0)
            func credential(for target: CredentialTarget, fresh: Bool) async throws -> Credential? {
                let number = asked.withLock { asked in
                    asked += 1
                    return asked
                }
                return .basic(user: "AWS", password: "token\(number)")
            }
        }
        let image = try SampleImage()
        let registry = try ScriptedRegistry { request, _ in
            switch request.authorization {
            case nil: .init(401, [("WWW-Authenticate", "Basic realm=\"https://ecr\",service=\"ecr.amazonaws.com\"")])
            case "Basic QVdTOnRva2VuMQ==":
                .init(
                    403, [],
                    #"{"errors":[{"code":"DENIED","message":"Your authorization token has expired. Reauthenticate."}]}"#
                )
            default:
                .init(
                    200, [("Content-Type", MediaType.ociManifest.rawValue)],
                    String(decoding: image.manifest, as: UTF8.self))
            }
        }
        defer { registry.stop() }
        let source = Rotating()
        let client = makeClient(credentials: source)
        #expect(try await client.resolve(try Reference("\(registry.host)/app:v1")).digest == image.digest)
        #expect(registry.requests.count == 3)
        #expect(source.asked.withLock { $0 } == 2)
    }

    @Test func theNodesCredentialIsAskedForAnewWhenTheTokenServerRefusesIt() async throws {
        struct Changed: CredentialSource {
            func credential(for target: CredentialTarget, fresh: Bool) async throws -> Credential? {
                .basic(user: "user", password: fresh ? "password" : "old")
            }
        }
        try await Self.withTokens { registry, _ in
            let image = try SampleImage()
            let reference = try await image.push(makeClient(), "\(registry.host)/app:v1", credentials: Self.user)
            #expect(try await makeClient(credentials: Changed()).resolve(reference).digest == image.digest)
        }
    }

    @Test func aSourceThatFailsIsNamedInTheRefusal() async throws {
        struct Broken: CredentialSource {
            func credential(for target: CredentialTarget, fresh: Bool) async throws -> Credential? {
                throw RegistryError(.invalidConfiguration, "the helper is broken")
            }
        }
        try await withTestRegistry(.init(access: .basic(["user": "u"]))) { registry in
            let client = makeClient(credentials: Broken())
            let error = await failure { _ = try await client.resolve(try Reference("\(registry.host)/app:v1")) }
            #expect(code(error) == .unauthenticated)
            #expect("\(error.map { "\($0)" } ?? "")".hasSuffix("; the helper is broken"))
        }
    }

    @Test func loopsOf401End() async throws {
        let registry = try ScriptedRegistry { request, count in
            request.path == "/token"
                ? .init(200, [], #"{"token":"t\#(count)"}"#)
                : .init(
                    401,
                    [
                        (
                            "WWW-Authenticate",
                            #"Bearer realm="http://\#(request.head.value(of: "Host") ?? "")/token",scope="repository:app:pull""#
                        )
                    ])
        }
        defer { registry.stop() }
        let error = await failure { _ = try await makeClient().resolve(try Reference("\(registry.host)/app:v1")) }
        #expect(code(error) == .unauthenticated)
        #expect(registry.requests.count < 10)
    }

    @Test(arguments: [
        (500, "", RegistryError.Code.unavailable), (429, "", .rateLimited), (200, "nonsense", .invalidResponse),
        (200, "{}", .invalidResponse), (200, #"{"token":"a\r\nX-Evil: 1"}"#, .invalidResponse),
        (302, "", .invalidResponse),
        (200, #"{"token":""}"#, .invalidResponse),
    ])
    func badTokenServers(status: Int, body: String, expected: RegistryError.Code) async throws {
        let registry = try ScriptedRegistry { request, _ in
            request.path == "/token"
                ? .init(status, [], body)
                : .init(
                    401,
                    [("WWW-Authenticate", #"Bearer realm="http://\#(request.head.value(of: "Host") ?? "")/token""#)])
        }
        defer { registry.stop() }
        let client = makeClient(time: ManualTime())
        #expect(
            code(await failure { _ = try await client.resolve(try Reference("\(registry.host)/app:v1")) }) == expected)
    }
}
