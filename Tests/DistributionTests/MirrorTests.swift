import Distribution
import OCI
import TestSupport
import Testing

/// hosts.toml at work: mirrors in order, and the registry itself last.
@Suite struct MirrorTests {
    static func withMirrors(
        _ body: (_ first: FaultyProxy, _ second: FaultyProxy, _ origin: FaultyProxy, HostConfiguration, SampleImage)
            async throws -> Void
    ) async throws {
        try await withTestRegistry { registry in
            let image = try SampleImage()
            _ = try await image.push(makeClient(), "\(registry.host)/app:v1")
            let proxies = try (0..<3).map { _ in try FaultyProxy(upstreamPort: registry.port) }
            defer { proxies.forEach { $0.stop() } }
            let scratch = try ScratchDirectory()
            _ = try scratch.makeDirectory("origin.example")
            let text = """
                server = "http://\(proxies[2].host)"
                [host."http://\(proxies[1].host)"]
                capabilities = ["pull"]
                [host."http://\(proxies[0].host)"]
                capabilities = ["pull", "resolve"]
                """
            try scratch.write(Array(text.utf8), to: "origin.example/hosts.toml")
            try await body(proxies[1], proxies[0], proxies[2], HostConfiguration(directories: [scratch.path]), image)
        }
    }

    @Test func orderCapabilitiesAndNamespace() async throws {
        try await Self.withMirrors { first, second, origin, hosts, image in
            let client = makeClient(hosts: hosts)
            let reference = try Reference("origin.example/app:v1")
            let fetched = try await client.resolve(reference)
            // The first may not resolve tags; the second may.
            #expect(fetched.host == second.host)
            #expect(first.requests.isEmpty && origin.requests.isEmpty)
            #expect(second.requests.allSatisfy { $0.head.target.contains("ns=origin.example") })
            _ = try await client.blob(reference, image.layerDescriptor, cap: 1 << 20)
            #expect(first.requests.count == 1)
            #expect(origin.requests.isEmpty)
        }
    }

    @Test(arguments: [
        ("reset", Fault.reset(after: nil)), ("500", .status(500)), ("404", .status(404)), ("403", .status(403)),
        ("401", .status(401)), ("wrong bytes", .corrupt(at: 3)), ("endless", .endless),
    ])
    func nextAfter(name: String, fault: Fault) async throws {
        try await Self.withMirrors { first, second, origin, hosts, image in
            first.add(FaultRule(fault))
            second.add(FaultRule(fault))
            let client = makeClient(hosts: hosts)
            let reference = try Reference("origin.example/app:v1")
            let digest = reference.withDigest(image.digest)
            #expect(try await client.resolve(digest).host == origin.host)
            #expect(first.requests.count == 1 && second.requests.count == 1)
            // For a while they are left alone.
            #expect(try await client.blob(reference, image.layerDescriptor, cap: 1 << 20) == image.layer)
            #expect(first.requests.count == 1 && second.requests.count == 1)
        }
    }

    @Test func mirrorsGetAnotherChanceAfterHalfAMinute() async throws {
        try await Self.withMirrors { first, second, origin, hosts, image in
            first.add(FaultRule(.status(404), times: 1))
            let time = ManualTime()
            let client = makeClient(hosts: hosts, time: time)
            let reference = try Reference("origin.example/app").withDigest(image.digest)
            #expect(try await client.resolve(reference).host == second.host)
            time.advance(by: .seconds(29))
            #expect(try await client.resolve(reference).host == second.host)
            time.advance(by: .seconds(2))
            #expect(try await client.resolve(reference).host == first.host)
        }
    }

    @Test func credentialsOfTheRegistryStayWithIt() async throws {
        try await Self.withMirrors { first, second, origin, hosts, image in
            let demand = Fault.status(401, headers: ["WWW-Authenticate": "Basic realm=\"x\""])
            for proxy in [first, second, origin] { proxy.add(FaultRule(demand, times: 1)) }
            let node = FixedCredentials(byHost: [second.host: .basic(user: "mirror", password: "m")])
            let client = makeClient(hosts: hosts, credentials: node)
            let reference = try Reference("origin.example/app").withDigest(image.digest)
            first.add(FaultRule(.status(401)))
            second.add(FaultRule(.status(404), skip: 1))
            let given = RequestCredentials(username: "user", password: "secret")
            #expect(try await client.resolve(reference, credentials: given).digest == image.digest)
            #expect(first.requests.allSatisfy { $0.authorization == nil })
            #expect(second.requests.map(\.authorization) == [nil, "Basic bWlycm9yOm0="])
            #expect(origin.requests.map(\.authorization) == [nil, "Basic dXNlcjpzZWNyZXQ="])
        }
    }

    @Test func slicesComeFromWhoeverHasThem() async throws {
        try await Self.withMirrors { first, second, origin, hosts, image in
            first.add(FaultRule(.ignoreRange))
            second.add(FaultRule(.truncate(after: 1000), times: 1))
            let client = makeClient(hosts: hosts, time: ManualTime())
            let source = client.source(try Reference("origin.example/app:v1"), image.layerDescriptor)
            #expect(try await source.bytes(100..<50_000) == Array(image.layer[100..<50_000]))
            #expect(try await client.supportsRanges(try Reference("origin.example/app:v1"), image.layerDescriptor))
        }
    }

    @Test func whoSendsWrongBytesIsPassedOver() async throws {
        try await Self.withMirrors { first, second, origin, hosts, image in
            for mirror in [first, second] { mirror.add(FaultRule(.corrupt(at: 10), range: "")) }
            let time = ManualTime()
            let client = makeClient(hosts: hosts, time: time)
            let source = client.source(try Reference("origin.example/app:v1"), image.layerDescriptor)
            let right = Array(image.layer[100..<200])
            #expect(try await source.bytes(100..<200) != right)
            source.foundWrong(150..<160)
            #expect(try await source.bytes(100..<200) != right)
            #expect((first.requests.count, second.requests.count, origin.requests.count) == (1, 1, 0))
            // A word about other bytes concerns nobody.
            source.foundWrong(200..<300)
            source.foundWrong(100..<200)
            #expect(try await source.bytes(100..<200) == right)
            // The registry itself is asked on, whatever it sends.
            source.foundWrong(100..<200)
            #expect(try await source.bytes(100..<200) == right)
            #expect((first.requests.count, second.requests.count, origin.requests.count) == (1, 1, 2))
            time.advance(by: .seconds(31))
            #expect(try await source.bytes(100..<200) != right)
            #expect(first.requests.count == 2)
        }
    }
}
