import Distribution
import OCI
import TestSupport
import Testing

/// Against Debian's docker-registry, without anything in between.
@Suite struct RegistryTests {
    @Test func pushesAndPulls() async throws {
        try await withTestRegistry { registry in
            let client = makeClient()
            let image = try SampleImage()
            let reference = try await image.push(client, "\(registry.host)/team/app:v1")
            let fetched = try await client.resolve(reference)
            #expect(fetched.digest == image.digest)
            #expect(fetched.bytes == image.manifest)
            #expect(fetched.host == registry.host)
            guard case .manifest(let manifest) = try fetched.document() else {
                Issue.record("no manifest")
                return
            }
            #expect(try await client.blob(reference, manifest.config, cap: 1 << 20) == image.config)
            #expect(try await client.blob(reference, image.layerDescriptor, cap: 1 << 20) == image.layer)
            let source = client.source(reference, image.layerDescriptor)
            #expect(try await source.bytes(1000..<200_001) == Array(image.layer[1000..<200_001]))
            #expect(try await source.bytes(5..<5) == [])
            #expect(try await client.supportsRanges(reference, image.layerDescriptor))
            let byDigest = try await client.resolve(reference.withDigest(image.digest))
            #expect(byDigest.bytes == image.manifest)
        }
    }

    @Test func heldManifestsAreAskedForButNotFetched() async throws {
        try await withTestRegistry { registry in
            let client = makeClient()
            let image = try SampleImage()
            let reference = try await image.push(client, "\(registry.host)/team/app:v1")
            let before = registry.records.count
            let fetched = try await client.resolve(reference) { digest in
                digest == image.digest ? HeldManifest(mediaType: "held", bytes: image.manifest) : nil
            }
            #expect(fetched.mediaType == "held")
            let records = try await registry.records(atLeast: before + 1)[before...]
            #expect(records.map(\.method) == ["HEAD"])
            // A holder with wrong bytes is not believed.
            let again = try await client.resolve(reference) { _ in HeldManifest(mediaType: "wrong", bytes: [1]) }
            #expect(again.bytes == image.manifest)
        }
    }

    @Test func saysWhatIsMissing() async throws {
        try await withTestRegistry { registry in
            let client = makeClient()
            let image = try SampleImage()
            let reference = try await image.push(client, "\(registry.host)/team/app:v1")
            let missing = await failure { _ = try await client.resolve(try Reference("\(registry.host)/team/app:v2")) }
            #expect(code(missing) == .notFound)
            #expect(
                "\(missing.map { "\($0)" } ?? "")".hasPrefix(
                    "\(registry.host): reading manifest team/app:v2: 404 not found"))
            let absent = Descriptor(mediaType: .octetStream, digest: Digest(of: [1, 2, 3]), size: 3)
            #expect(code(await failure { _ = try await client.blob(reference, absent, cap: 10) }) == .notFound)
            #expect(
                blobCode(await failure { _ = try await client.source(reference, absent).bytes(0..<3) }) == .notFound)
            var large = image.layerDescriptor
            large.size += 1
            #expect(
                code(await failure { _ = try await client.blob(reference, large, cap: 1 << 20) }) == .invalidResponse)
            #expect(code(await failure { _ = try await client.blob(reference, large, cap: 10) }) == .tooLarge)
            #expect(
                blobCode(await failure { _ = try await client.source(reference, large).bytes(10..<20) }) == .corrupt)
        }
    }

    @Test func basicAuthentication() async throws {
        try await withTestRegistry(.init(access: .basic(["user": "pass:word"]))) { registry in
            let log = LogLines()
            let client = makeClient(log: log)
            let good = RequestCredentials(username: "user", password: "pass:word")
            let image = try SampleImage()
            let reference = try await image.push(client, "\(registry.host)/app:v1", credentials: good)
            #expect(try await client.resolve(reference, credentials: good).digest == image.digest)
            try await client.checkAccess(reference, digest: image.digest, credentials: good)
            let bad = RequestCredentials(username: "user", password: "wrong-secret")
            for credentials in [bad, nil, RequestCredentials()] {
                let refused = await failure { _ = try await client.resolve(reference, credentials: credentials) }
                #expect(code(refused) == .unauthenticated)
                let check = await failure {
                    try await client.checkAccess(reference, digest: image.digest, credentials: credentials)
                }
                #expect(code(check) == .unauthenticated)
                #expect(!"\(refused.map { "\($0)" } ?? "")".contains("wrong-secret"))
            }
            let source = client.source(reference, image.layerDescriptor, credentials: bad)
            #expect(blobCode(await failure { _ = try await source.bytes(0..<10) }) == .refused)
            #expect(!log.all.contains { $0.contains("wrong-secret") || $0.contains("pass:word") })
        }
    }

    @Test func readsFallBackToTheNodesCredentialsButPullsDoNot() async throws {
        try await withTestRegistry(.init(access: .basic(["node": "n", "user": "u"]))) { registry in
            let client = makeClient(
                credentials: FixedCredentials(byHost: [registry.host: .basic(user: "node", password: "n")]))
            let image = try SampleImage()
            let reference = try await image.push(client, "\(registry.host)/app:v1")
            let old = RequestCredentials(username: "user", password: "expired")
            let source = client.source(reference, image.layerDescriptor, credentials: old)
            #expect(try await source.bytes(0..<10) == Array(image.layer[0..<10]))
            #expect(
                code(await failure { _ = try await client.resolve(reference, credentials: old) }) == .unauthenticated)
            #expect(try await client.resolve(reference).digest == image.digest)
            // Meant for another registry: ignored, as if there were none.
            let other = RequestCredentials(
                username: "user", password: "expired", serverAddress: "https://other.example")
            #expect(try await client.resolve(reference, credentials: other).digest == image.digest)
        }
    }

    @Test func privateCAThroughHostsFile() async throws {
        let scratch = try ScratchDirectory()
        let certificates = try TestCertificates(in: try scratch.makeDirectory("tls"))
        try await withTestRegistry(.init(certificates: certificates)) { registry in
            let directory = try scratch.makeDirectory("certs.d/127.0.0.1_\(registry.port)_")
            let reference = try Reference("\(registry.host)/app:v1")
            let image = try SampleImage()
            let hosts = HostConfiguration(directories: [scratch.file("certs.d")])

            let unknown = "server = \"https://\(registry.host)\"\n"
            try scratch.write(Array(unknown.utf8), to: "certs.d/127.0.0.1_\(registry.port)_/hosts.toml")
            #expect(code(await failure { _ = try await makeClient(hosts: hosts).resolve(reference) }) == .tls)

            let trusted = unknown + "ca = \"\(certificates.ca)\"\n"
            try scratch.write(Array(trusted.utf8), to: "certs.d/127.0.0.1_\(registry.port)_/hosts.toml")
            let client = makeClient(hosts: hosts)
            _ = try await image.push(client, reference.description)
            #expect(try await client.resolve(reference).digest == image.digest)

            let skipping = unknown + "skip_verify = true\n"
            try scratch.write(Array(skipping.utf8), to: "certs.d/127.0.0.1_\(registry.port)_/hosts.toml")
            #expect(try await makeClient(hosts: hosts).resolve(reference).digest == image.digest)
            _ = directory
        }
    }

    @Test func nobodyThere() async throws {
        let time = ManualTime()
        let client = makeClient(time: time)
        // Port 1 on loopback: nobody listens.
        let refused = await failure { _ = try await client.resolve(try Reference("127.0.0.1:1/app:v1")) }
        #expect(code(refused) == .unavailable)
        #expect(time.sleeps.count == RetryPolicy().attempts - 1)
    }
}
