import Distribution
import OCI
import TestSupport
import Testing

@Suite struct ManifestFaultTests {
    static func resolve(
        by digest: Bool = false, held: Bool = false, _ image: SampleImage,
        _ reply: @escaping @Sendable (ScriptedRegistry.Request) -> ScriptedRegistry.Reply
    ) async throws -> FetchedManifest {
        let registry = try ScriptedRegistry { request, _ in reply(request) }
        defer { registry.stop() }
        let reference = try Reference("\(registry.host)/app:v1")
        let client = makeClient(time: ManualTime())
        let asked = digest ? reference.withDigest(image.digest) : reference
        return held ? try await client.resolve(asked) { _ in nil } : try await client.resolve(asked)
    }

    static let type = [(name: "Content-Type", value: "application/vnd.oci.image.manifest.v1+json; charset=utf-8")]

    @Test func theDigestAskedForDecides() async throws {
        let image = try SampleImage()
        let text = String(decoding: image.manifest, as: UTF8.self)
        let wrong = Digest(of: [1])
        // A registry that says a wrong digest about right bytes is right; one with wrong bytes is not, whatever it says.
        let fetched = try await Self.resolve(by: true, image) { _ in
            .init(200, Self.type + [(name: "Docker-Content-Digest", value: "\(wrong)")], text)
        }
        #expect(fetched.bytes == image.manifest)
        let error = await failure {
            _ = try await Self.resolve(by: true, image) { _ in
                .init(200, Self.type + [(name: "Docker-Content-Digest", value: "\(image.digest)")], text + " ")
            }
        }
        #expect(code(error) == .invalidResponse)
    }

    @Test func tagsAreCheckedAgainstWhatTheRegistrySays() async throws {
        let image = try SampleImage()
        let text = String(decoding: image.manifest, as: UTF8.self)
        let other = try Digest(of: image.manifest, Digest("sha512:" + String(repeating: "0", count: 128)).algorithm)
        for said in [nil, "\(image.digest)", "\(other)", "nonsense"] {
            let headers = said.map { [(name: "Docker-Content-Digest", value: $0)] } ?? []
            let fetched = try await Self.resolve(image) { _ in .init(200, Self.type + headers, text) }
            #expect(fetched.digest == image.digest)
        }
        let wrong = (name: "Docker-Content-Digest", value: "\(Digest(of: [1]))")
        let error = await failure { _ = try await Self.resolve(image) { _ in .init(200, Self.type + [wrong], text) } }
        #expect(code(error) == .invalidResponse)
    }

    @Test(arguments: [400, 405, 501, 200]) func headThatTellsNothing(status: Int) async throws {
        let image = try SampleImage()
        let text = String(decoding: image.manifest, as: UTF8.self)
        let fetched = try await Self.resolve(held: true, image) { request in
            request.method == "HEAD" ? .init(status) : .init(200, Self.type, text)
        }
        #expect(fetched.digest == image.digest)
    }

    @Test func typesComeWithParameters() async throws {
        let image = try SampleImage()
        let text = String(decoding: image.manifest, as: UTF8.self)
        guard case .manifest = try await Self.resolve(image, { _ in .init(200, Self.type, text) }).document() else {
            Issue.record("no manifest")
            return
        }
        let html = try await Self.resolve(image) { _ in .init(200, [(name: "Content-Type", value: "text/html")], text) }
        #expect(throws: OCIError.self) { try html.document() }
    }

    @Test(arguments: [
        (401, RegistryError.Code.unauthenticated, 1), (403, .denied, 1), (404, .notFound, 1), (429, .rateLimited, 6),
        (500, .unavailable, 6), (502, .unavailable, 6), (418, .invalidResponse, 1), (302, .invalidResponse, 1),
    ])
    func statusesBecomeErrors(status: Int, expected: RegistryError.Code, requests: Int) async throws {
        let registry = try ScriptedRegistry { _, _ in .init(status, [], "<html>\u{1}</html>") }
        defer { registry.stop() }
        let client = makeClient(time: ManualTime())
        let error = await failure { _ = try await client.resolve(try Reference("\(registry.host)/app:v1")) }
        #expect(code(error) == expected)
        #expect(registry.requests.count == requests)
        #expect("\(error.map { "\($0)" } ?? "")".hasPrefix("\(registry.host)"))
    }

    @Test func retryAfterIsObeyed() async throws {
        let image = try SampleImage()
        let date = [
            (name: "Date", value: "Sun, 06 Nov 1994 08:49:37 GMT"),
            (name: "Retry-After", value: "Sun, 06 Nov 1994 08:49:44 GMT"),
        ]
        let registry = try ScriptedRegistry { _, count in
            switch count {
            case 0: .init(429, [(name: "Retry-After", value: "2")])
            case 1: .init(429, date)
            default: .init(200, Self.type, String(decoding: image.manifest, as: UTF8.self))
            }
        }
        defer { registry.stop() }
        let time = ManualTime()
        _ = try await makeClient(time: time).resolve(try Reference("\(registry.host)/app:v1"))
        #expect(time.sleeps == [.seconds(2), .seconds(7)])
    }

    @Test func acceptsEveryKindAndSaysSo() async throws {
        let registry = try ScriptedRegistry { _, _ in .init(404) }
        defer { registry.stop() }
        _ = await failure { _ = try await makeClient().resolve(try Reference("\(registry.host)/app:v1")) }
        let accepted = registry.requests[0].head.lines.filter { $0.name.lowercased() == "accept" }.map(\.value)
        #expect(
            accepted == [
                "application/vnd.oci.image.index.v1+json", "application/vnd.oci.image.manifest.v1+json",
                "application/vnd.docker.distribution.manifest.list.v2+json",
                "application/vnd.docker.distribution.manifest.v2+json", "*/*;q=0.1",
            ])
    }
}
