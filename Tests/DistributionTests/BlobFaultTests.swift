import Distribution
import HTTP
import OCI
import TestSupport
import Testing

/// Reads through a network that does harm; right bytes or a clear error, always.
@Suite struct BlobFaultTests {
    /// A registry with an image behind a proxy.
    static func withProxy(
        access: TestRegistry.Options.Access = .open, credentials: Credential? = nil, time: ManualTime? = nil,
        timeouts: Timeouts = Timeouts(),
        _ body: (FaultyProxy, RegistryClient, Reference, SampleImage) async throws -> Void
    ) async throws {
        try await withTestRegistry(.init(access: access)) { registry in
            let image = try SampleImage()
            var storageAuthorization: String?
            var source = FixedCredentials()
            if let credentials {
                source.byHost[registry.host] = credentials
                storageAuthorization = "Basic dXNlcjpwYXNz"
            }
            _ = try await image.push(makeClient(credentials: source), "\(registry.host)/app:v1")
            let proxy = try FaultyProxy(upstreamPort: registry.port, upstreamAuthorization: storageAuthorization)
            defer { proxy.stop() }
            if let credentials { source.byHost[proxy.host] = credentials }
            let client = makeClient(credentials: source, time: time, timeouts: timeouts)
            try await body(proxy, client, try Reference("\(proxy.host)/app:v1"), image)
        }
    }

    static let healing: [(name: String, fault: Fault, times: Int)] = [
        ("truncated", .truncate(after: 1000), 2), ("reset before the head", .reset(after: nil), 2),
        ("reset in the body", .reset(after: 70_000), 3), ("shorter ranges", .shorten(to: 40_000), 5),
        ("500", .status(500), 2), ("503", .status(503), 2),
        ("429", .status(429, headers: ["Retry-After": "2"]), 2), ("408", .status(408), 1),
    ]

    @Test(arguments: healing) func readsOnAfter(name: String, fault: Fault, times: Int) async throws {
        let time = ManualTime()
        try await Self.withProxy(time: time) { (proxy, client, reference, image) async throws in
            proxy.add(FaultRule(fault, path: "/blobs/", times: times))
            let source = client.source(reference, image.layerDescriptor)
            #expect(try await source.bytes(10..<250_000) == Array(image.layer[10..<250_000]))
            // No byte is asked for twice: each request begins where the last body ended.
            let starts = proxy.requests.compactMap { $0.range?.dropFirst(6).split(separator: "-").first }.compactMap {
                Int($0)
            }
            #expect(starts == starts.sorted())
            if name == "429" { #expect(time.sleeps.allSatisfy { $0 >= .seconds(2) }) }
        }
    }

    @Test func wholeBlobsSurviveToo() async throws {
        try await Self.withProxy(time: ManualTime()) { (proxy, client, reference, image) async throws in
            proxy.add(FaultRule(.truncate(after: 100_000), path: "/blobs/", times: 2))
            #expect(try await client.blob(reference, image.layerDescriptor, cap: 1 << 20) == image.layer)
            proxy.removeFaults()
            // Wrong bytes once: asked again. Wrong bytes always: an error.
            proxy.add(FaultRule(.corrupt(at: 5), path: "/blobs/", times: 1))
            #expect(try await client.blob(reference, image.layerDescriptor, cap: 1 << 20) == image.layer)
            proxy.add(FaultRule(.corrupt(at: 5), path: "/blobs/"))
            let wrong = await failure { _ = try await client.blob(reference, image.layerDescriptor, cap: 1 << 20) }
            #expect(code(wrong) == .invalidResponse)
        }
    }

    @Test func stallsAreGivenUpAndResumed() async throws {
        let timeouts = Timeouts(responseHead: .milliseconds(300), idle: .milliseconds(300))
        try await Self.withProxy(time: ManualTime(), timeouts: timeouts) {
            (proxy, client, reference, image) async throws in
            proxy.add(FaultRule(.stall(after: 50_000), path: "/blobs/", times: 1))
            proxy.add(FaultRule(.stall(after: nil), path: "/blobs/", skip: 1, times: 1))
            let source = client.source(reference, image.layerDescriptor)
            #expect(try await source.bytes(0..<200_000) == Array(image.layer[0..<200_000]))
        }
    }

    static let lasting: [(name: String, fault: Fault, code: BlobError.Code)] = [
        ("wrong content range", .contentRange("bytes 11-20/300000"), .corrupt),
        ("content range of another blob", .contentRange("bytes 10-19/299999"), .corrupt),
        ("unreadable content range", .contentRange("bytes"), .corrupt),
        ("wrong length", .wrongLength(by: 500), .corrupt),
        ("404", .status(404), .notFound),
        ("403", .status(403), .refused), ("401 without challenge", .status(401), .refused),
        (
            "401 for ever", .status(401, headers: ["WWW-Authenticate": "Basic realm=\"x\""]), .refused
        ),
        ("416", .status(416), .corrupt), ("500 for ever", .status(500), .unavailable),
        ("reset for ever", .reset(after: nil), .unavailable), ("redirect loop", .redirect(to: .itself), .corrupt),
        ("redirect nowhere", .redirect(to: .url("ftp://x/")), .corrupt),
        ("redirect to nobody", .redirect(to: .url("http://127.0.0.1:1/x")), .unavailable),
        ("rate limit that never ends", .status(429, headers: ["Retry-After": "3600"]), .unavailable),
        ("no ranges", .ignoreRange, .rangesUnsupported),
    ]

    @Test(arguments: lasting) func endsWith(name: String, fault: Fault, code: BlobError.Code) async throws {
        try await Self.withProxy(time: ManualTime()) { (proxy, client, reference, image) async throws in
            proxy.add(FaultRule(fault, path: "/blobs/"))
            let source = client.source(reference, image.layerDescriptor)
            let error = await failure { _ = try await source.bytes(10..<20) }
            #expect(blobCode(error) == code)
            #expect(proxy.requests.count <= 12)
        }
    }

    @Test func endlessBodiesEnd() async throws {
        try await Self.withProxy(time: ManualTime()) { (proxy, client, reference, image) async throws in
            proxy.add(FaultRule(.endless))
            #expect(code(await failure { _ = try await client.resolve(reference) }) == .tooLarge)
            let source = client.source(reference, image.layerDescriptor)
            #expect(blobCode(await failure { _ = try await source.bytes(10..<20) }) != nil)
        }
    }

    @Test func aServerWithoutRangesIsRemembered() async throws {
        try await Self.withProxy { (proxy, client, reference, image) async throws in
            proxy.add(FaultRule(.ignoreRange, path: "/blobs/"))
            #expect(try await client.supportsRanges(reference, image.layerDescriptor) == false)
            let asked = proxy.requests.count
            let source = client.source(reference, image.layerDescriptor)
            #expect(blobCode(await failure { _ = try await source.bytes(10..<20) }) == .rangesUnsupported)
            #expect(try await client.supportsRanges(reference, image.layerDescriptor) == false)
            #expect(proxy.requests.count == asked)
            // From the beginning it still works, in part and in whole, and a broken body is read again from there.
            #expect(try await source.bytes(0..<50) == Array(image.layer[0..<50]))
            proxy.removeFaults()
            proxy.add(FaultRule(.truncate(after: 100_000), path: "/blobs/", times: 1))
            proxy.add(FaultRule(.ignoreRange, path: "/blobs/", skip: 1))
            #expect(try await source.bytes(0..<300_000) == image.layer)
        }
    }

    /// Such as a proxy that was only filling its cache.
    @Test func aServerThatHasRangesAgainIsAskedForThem() async throws {
        let time = ManualTime()
        try await Self.withProxy(time: time) { (proxy, client, reference, image) async throws in
            proxy.add(FaultRule(.ignoreRange, path: "/blobs/", times: 1))
            let source = client.source(reference, image.layerDescriptor)
            for _ in 0..<2 {
                #expect(blobCode(await failure { _ = try await source.bytes(10..<20) }) == .rangesUnsupported)
            }
            time.advance(by: .seconds(10))
            #expect(try await source.bytes(10..<20) == Array(image.layer[10..<20]))
        }
    }

    @Test func cancellingEndsARead() async throws {
        try await Self.withProxy { (proxy, client, reference, image) async throws in
            proxy.add(FaultRule(.stall(after: 10), path: "/blobs/"))
            let source = client.source(reference, image.layerDescriptor)
            let read = Task { try await source.bytes(0..<1000) }
            while proxy.requests.isEmpty { await Task.yield() }
            read.cancel()
            let outcome = await failure { _ = try await read.value }
            #expect(outcome is CancellationError)
        }
    }

    @Test func errorsOfTheConsumerAreItsOwn() async throws {
        struct Full: Error {}
        try await Self.withProxy { (proxy, client, reference, image) async throws in
            let source = client.source(reference, image.layerDescriptor)
            let outcome = await failure { try await source.read(0..<1000) { _ in throw Full() } }
            #expect(outcome is Full)
            #expect(proxy.requests.count == 1)
        }
    }

    // MARK: Redirects

    @Test func credentialsDoNotCrossAnOrigin() async throws {
        let credential = Credential.basic(user: "user", password: "pass")
        try await Self.withProxy(access: .basic(["user": "pass"]), credentials: credential) {
            (proxy, client, reference, image) async throws in
            proxy.add(FaultRule(.redirect(to: .storage()), method: "GET", path: "/blobs/", skip: 1))
            let source = client.source(reference, image.layerDescriptor)
            #expect(try await source.bytes(10..<1000) == Array(image.layer[10..<1000]))
            #expect(try await source.bytes(2000..<3000) == Array(image.layer[2000..<3000]))
            let storage = proxy.requests.filter(\.onStorage)
            #expect(storage.count == 2)
            #expect(storage.allSatisfy { $0.authorization == nil && $0.head.value(of: "Cookie") == nil })
            // The second read did not ask the registry: once without and once with credentials is all.
            #expect(proxy.requests.filter { !$0.onStorage }.map { $0.authorization != nil } == [false, true])
            #expect(storage.map(\.range) == ["bytes=10-999", "bytes=2000-2999"])
        }
    }

    @Test func credentialsStayWithinAnOrigin() async throws {
        let credential = Credential.basic(user: "user", password: "pass")
        try await Self.withProxy(access: .basic(["user": "pass"]), credentials: credential) {
            (proxy, client, reference, image) async throws in
            proxy.add(FaultRule(.redirect(to: .sameOrigin), method: "GET", path: "/blobs/", skip: 1, times: 1))
            let source = client.source(reference, image.layerDescriptor)
            #expect(try await source.bytes(10..<1000) == Array(image.layer[10..<1000]))
            #expect(proxy.requests.last?.authorization != nil)
        }
    }

    @Test(arguments: [ObjectStorage.Refusal.forbidden, .expiredToken, .azure])
    func expiredAddressesAreAskedForAnew(refusal: ObjectStorage.Refusal) async throws {
        try await Self.withProxy { (proxy, client, reference, image) async throws in
            proxy.add(FaultRule(.redirect(to: .storage(uses: 2, expired: refusal)), path: "/blobs/"))
            let source = client.source(reference, image.layerDescriptor)
            for start in stride(from: 0, to: 5000, by: 1000) {
                let range = Int64(start)..<Int64(start + 1000)
                #expect(try await source.bytes(range) == Array(image.layer[start..<start + 1000]))
            }
            // Five reads at two uses an address: three addresses, two refusals.
            #expect(proxy.requests.filter { !$0.onStorage }.count == 3)
            #expect(proxy.requests.filter(\.onStorage).count == 7)
        }
    }

    /// Addresses without an end are kept for as long as they work.
    @Test(arguments: [Fault.status(500), .reset(after: nil)])
    func addressesThatFailAreAskedForAnew(fault: Fault) async throws {
        try await Self.withProxy { (proxy, client, reference, image) async throws in
            proxy.add(FaultRule(.redirect(to: .storage()), path: "/blobs/", times: 1))
            proxy.add(FaultRule(fault, onStorage: true, skip: 1))
            let source = client.source(reference, image.layerDescriptor)
            for start in stride(from: 0, to: 3000, by: 1000) {
                let range = Int64(start)..<Int64(start + 1000)
                #expect(try await source.bytes(range) == Array(image.layer[start..<start + 1000]))
            }
            // Once with its bytes, once in vain, which curl tries twice where a kept connection was reset.
            #expect((2...3).contains(proxy.requests.filter(\.onStorage).count))
        }
    }

    @Test func signedAddressesAreInNoErrorAndNoLog() async throws {
        let log = LogLines()
        try await withTestRegistry { registry in
            let image = try SampleImage()
            _ = try await image.push(makeClient(), "\(registry.host)/app:v1")
            try await withFaultyProxy(upstreamPort: registry.port) { proxy in
                proxy.add(FaultRule(.redirect(to: .storage()), path: "/blobs/"))
                proxy.add(FaultRule(.status(500), onStorage: true))
                let client = makeClient(time: ManualTime(), log: log)
                let source = client.source(try Reference("\(proxy.host)/app:v1"), image.layerDescriptor)
                let error = await failure { _ = try await source.bytes(0..<10) }
                #expect(blobCode(error) == .unavailable)
                #expect(!"\(error.map { "\($0)" } ?? "")".contains("Signature"))
                #expect(!log.all.contains { $0.contains("Signature") })
            }
        }
    }
}
