import Distribution
import OCI
import TestSupport
import Testing

@Suite struct ReferrerTests {
    static let type = "application/vnd.amazon.soci.index.v1+json"
    static let subject = Digest(of: Array("subject".utf8))

    static func entry(_ name: String, _ type: String?) -> String {
        let artifact = type.map { #","artifactType":"\#($0)""# } ?? ""
        return
            #"{"mediaType":"application/vnd.oci.image.manifest.v1+json","digest":"\#(Digest(of: Array(name.utf8)))","size":7\#(artifact)}"#
    }

    static func index(_ entries: [String]) -> String {
        #"{"schemaVersion":2,"mediaType":"application/vnd.oci.image.index.v1+json","manifests":[\#(entries.joined(separator: ","))]}"#
    }

    static let indexType = [(name: "Content-Type", value: "application/vnd.oci.image.index.v1+json")]

    static func ask(_ registry: ScriptedRegistry, type: String? = type) async throws -> [Digest] {
        defer { registry.stop() }
        let client = makeClient(time: ManualTime())
        return try await client.referrers(try Reference("\(registry.host)/app:v1"), of: subject, artifactType: type)
            .map(\.digest)
    }

    static func digest(_ name: String) -> Digest { Digest(of: Array(name.utf8)) }

    @Test func filtersAgain() async throws {
        let registry = try ScriptedRegistry { _, _ in
            .init(
                200, Self.indexType,
                Self.index([Self.entry("a", Self.type), Self.entry("b", "x/y"), Self.entry("c", nil)]))
        }
        #expect(try await Self.ask(registry) == [Self.digest("a")])
        #expect(registry.requests.map(\.query) == ["artifactType=application%2Fvnd.amazon.soci.index.v1%2Bjson"])
        #expect(registry.requests.map(\.path) == ["/v2/app/referrers/\(Self.subject)"])
    }

    @Test func entriesOneCannotReadHideNoOthers() async throws {
        let odd = #"{"mediaType":"x","digest":"blake3:00","size":-1}"#
        let registry = try ScriptedRegistry { _, _ in
            .init(200, Self.indexType, Self.index([odd, Self.entry("a", Self.type), "7"]))
        }
        #expect(try await Self.ask(registry) == [Self.digest("a")])
    }

    @Test(arguments: ["/v2/app/referrers/\(subject)?page=2", "?page=2", "absolute"])
    func followsPages(link: String) async throws {
        let registry = try ScriptedRegistry { request, _ in
            if request.query.contains("page=2") {
                return .init(200, Self.indexType, Self.index([Self.entry("b", Self.type)]))
            }
            let host = request.head.value(of: "Host") ?? ""
            let url = link == "absolute" ? "http://\(host)/v2/app/referrers/x?page=2" : link
            return .init(
                200, Self.indexType + [(name: "Link", value: "<\(url)>; rel=\"next\"")],
                Self.index([Self.entry("a", Self.type)]))
        }
        #expect(try await Self.ask(registry) == [Self.digest("a"), Self.digest("b")])
    }

    @Test(arguments: [true, false]) func pagesEnd(isRepeated: Bool) async throws {
        let registry = try ScriptedRegistry { _, count in
            let link =
                isRepeated ? "</v2/app/referrers/x?page=2>; rel=next" : "</v2/app/referrers/x?page=\(count)>; rel=next"
            return .init(200, Self.indexType + [(name: "Link", value: link)], Self.index([Self.entry("a", Self.type)]))
        }
        #expect(try await !Self.ask(registry).isEmpty)
        #expect(registry.requests.count == (isRepeated ? 2 : 20))
    }

    @Test func pagesDoNotLeadElsewhere() async throws {
        let registry = try ScriptedRegistry { _, _ in
            .init(200, Self.indexType + [(name: "Link", value: "<http://127.0.0.1:1/x>; rel=\"next\"")], Self.index([]))
        }
        #expect(code(await failure { _ = try await Self.ask(registry) }) == .invalidResponse)
    }

    /// Odd answers that mean "no such API here".
    static let missing: [(name: String, reply: ScriptedRegistry.Reply)] = [
        ("404", .init(404)), ("405", .init(405)), ("501", .init(501)), ("400 with a page", .init(400, [], "<html>")),
        ("400 unsupported", .init(400, [], #"{"errors":[{"code":"UNSUPPORTED"}]}"#)),
        ("login page", .init(200, [], "<html>login</html>")), ("other JSON", .init(200, [], #"{"a":1}"#)),
        ("redirect to a login host", .init(302, [(name: "Location", value: "http://127.0.0.1:1/login")])),
        (
            "a manifest",
            .init(
                200, [], #"{"schemaVersion":2,"mediaType":"application/vnd.oci.image.manifest.v1+json","manifests":[]}"#
            )
        ),
    ]

    @Test(arguments: missing) func fallsBackToTheTag(name: String, reply: ScriptedRegistry.Reply) async throws {
        let tag = "/v2/app/manifests/sha256-\(Self.subject.hex)"
        let registry = try ScriptedRegistry { request, _ in
            guard request.path == tag else { return reply }
            return .init(200, Self.indexType, Self.index([Self.entry("a", Self.type), Self.entry("b", "x/y")]))
        }
        #expect(try await Self.ask(registry) == [Self.digest("a")])
    }

    @Test(arguments: [
        ScriptedRegistry.Reply(404), .init(200, [], #"{"schemaVersion":2,"config":{},"layers":[]}"#),
        .init(200, [], "x"),
    ])
    func noTagIsNone(reply: ScriptedRegistry.Reply) async throws {
        let registry = try ScriptedRegistry { request, _ in request.path.contains("/referrers/") ? .init(404) : reply }
        #expect(try await Self.ask(registry) == [])
    }

    /// "Could not ask" is no "none".
    static let unasked: [(status: Int, tagStatus: Int, code: RegistryError.Code)] = [
        (401, 404, .unauthenticated), (403, 404, .denied), (429, 404, .rateLimited), (500, 404, .unavailable),
        (404, 500, .unavailable), (404, 403, .denied),
    ]

    @Test(arguments: unasked) func saysSoIfItCouldNotAsk(status: Int, tagStatus: Int, expected: RegistryError.Code)
        async throws
    {
        let registry = try ScriptedRegistry { request, _ in
            .init(request.path.contains("/referrers/") ? status : tagStatus)
        }
        #expect(code(await failure { _ = try await Self.ask(registry) }) == expected)
    }

    // MARK: Pushing artifacts

    static func artifact(_ image: SampleImage, name: String) throws -> [UInt8] {
        let config = Descriptor(mediaType: MediaType(rawValue: type), digest: Digest(of: Array("{}".utf8)), size: 2)
        return try OCIDocument.encode(
            Manifest(config: config, layers: [], subject: image.manifestDescriptor, annotations: ["name": name]))
    }

    static func pushArtifact(_ client: RegistryClient, _ reference: Reference, _ image: SampleImage, _ name: String)
        async throws -> Digest
    {
        let config = Descriptor(mediaType: MediaType(rawValue: type), digest: Digest(of: Array("{}".utf8)), size: 2)
        try await client.pushBlob(reference, config, content: BytesSource(Array("{}".utf8)))
        let bytes = try artifact(image, name: name)
        return try await client.pushManifest(
            reference.withDigest(Digest(of: bytes)), bytes: bytes, mediaType: .ociManifest)
    }

    @Test func theFallbackTagIsKeptForRegistriesWithoutAPI() async throws {
        try await withTestRegistry { registry in
            let client = makeClient()
            let image = try SampleImage()
            let reference = try await image.push(client, "\(registry.host)/app:v1")
            #expect(try await client.referrers(reference, of: image.digest) == [])
            let first = try await Self.pushArtifact(client, reference, image, "one")
            let second = try await Self.pushArtifact(client, reference, image, "two")
            // A second time changes nothing.
            _ = try await Self.pushArtifact(client, reference, image, "one")
            let found = try await client.referrers(reference, of: image.digest, artifactType: Self.type)
            #expect(found.map(\.digest) == [first, second])
            #expect(found.map(\.annotations) == [["name": "one"], ["name": "two"]])
            #expect(found[0].artifactType == MediaType(rawValue: Self.type))
            #expect(try await client.referrers(reference, of: image.digest, artifactType: "x/y") == [])
        }
    }

    @Test func aLostRaceIsRunAgain() async throws {
        try await withTestRegistry { registry in
            let image = try SampleImage()
            let reference = try await image.push(makeClient(), "\(registry.host)/app:v1")
            let digests = try await withThrowingTaskGroup(of: Digest.self) { group in
                for name in ["one", "two", "three"] {
                    group.addTask { try await Self.pushArtifact(makeClient(), reference, image, name) }
                }
                return try await group.reduce(into: Set<Digest>()) { $0.insert($1) }
            }
            let found = try await makeClient().referrers(reference, of: image.digest, artifactType: Self.type)
            #expect(Set(found.map(\.digest)) == digests)
        }
    }

    @Test func othersEntriesStayAsTheyAre() async throws {
        try await withTestRegistry { registry in
            let client = makeClient()
            let image = try SampleImage()
            let reference = try await image.push(client, "\(registry.host)/app:v1")
            let digest = image.digest
            let foreign =
                #"{"data":"e30=","digest":"\#(digest)","mediaType":"application/vnd.oci.image.manifest.v1+json","size":\#(image.manifest.count),"x":[1,1.5,null,true]}"#
            try await client.pushManifest(
                try reference.withTag("sha256-\(digest.hex)"), bytes: Array(Self.index([foreign]).utf8),
                mediaType: .ociIndex)
            _ = try await Self.pushArtifact(client, reference, image, "one")
            let index = try await client.resolve(try reference.withTag("sha256-\(digest.hex)"))
            #expect(String(decoding: index.bytes, as: UTF8.self).contains(foreign))
        }
    }

    @Test func thePromiseOfAnAPIIsChecked() async throws {
        let registry = try ScriptedRegistry { request, _ in
            switch (request.method, request.path.contains("/referrers/")) {
            case ("PUT", _) where request.path.contains("sha256:"):
                .init(201, [(name: "OCI-Subject", value: "sha256:x")])
            case (_, true): .init(200, Self.indexType, Self.index([]))
            default: .init(500)
            }
        }
        defer { registry.stop() }
        let image = try SampleImage()
        let bytes = try Self.artifact(image, name: "one")
        let reference = try Reference("\(registry.host)/app").withDigest(Digest(of: bytes))
        try await makeClient().pushManifest(reference, bytes: bytes, mediaType: .ociManifest)
        #expect(registry.requests.map(\.method) == ["PUT", "GET"])
    }
}
