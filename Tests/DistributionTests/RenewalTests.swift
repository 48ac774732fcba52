import Distribution
import HTTP
import OCI
import Synchronization
import TestSupport
import Testing

/// Credentials that are refused while somebody reads, and who makes up for them.
@Suite struct RenewalTests {
    /// A source that gives one after the other of `answers`, the next one when it is asked for a fresh one, and counts.
    private final class Script: CredentialSource {
        let answers: [Credential?]
        let asked = Mutex<[Bool]>([])
        init(_ answers: [Credential?]) { self.answers = answers }

        func credential(for target: CredentialTarget, fresh: Bool) async throws -> Credential? {
            let refreshed = asked.withLock { asked in
                asked.append(fresh)
                return asked.filter { $0 }.count
            }
            return answers[min(refreshed, answers.count - 1)]
        }

        var count: Int { asked.withLock { $0.count } }
    }

    private static let good = Credential.basic(user: "user", password: "good")
    private static func bad(_ number: Int) -> Credential { .basic(user: "user", password: "bad\(number)") }

    private func withRegistry(
        refusal: @escaping @Sendable (Int) -> ScriptedRegistry.Reply,
        _ body: (ScriptedRegistry, Reference, SampleImage) async throws -> Void
    ) async throws {
        let image = try SampleImage()
        let registry = try ScriptedRegistry { request, count in
            // user:good
            guard request.authorization == "Basic dXNlcjpnb29k" else {
                return request.authorization == nil
                    ? .init(401, [("WWW-Authenticate", "Basic realm=\"r\"")]) : refusal(count)
            }
            return .init(
                200, [("Content-Type", MediaType.ociManifest.rawValue)], String(decoding: image.manifest, as: UTF8.self)
            )
        }
        defer { registry.stop() }
        try await body(registry, try Reference("\(registry.host)/app:v1"), image)
    }

    private static let refusals: [@Sendable (Int) -> ScriptedRegistry.Reply] = [
        { _ in .init(401, [("WWW-Authenticate", "Basic realm=\"r\"")]) },
        { _ in .init(403, [], #"{"errors":[{"code":"DENIED","message":"Your authorization token has expired."}]}"#) },
        { _ in .init(403, [], #"{"errors":[{"code":"DENIED"}]}"#) },
    ]

    @Test("whichever source can renews", arguments: [0, 1, 2])
    func nextSource(refusal: Int) async throws {
        try await withRegistry(refusal: Self.refusals[refusal]) { registry, reference, image in
            // The first gives what is old, also when asked anew; only the second can help.
            let first = Script([Self.bad(1), Self.bad(2)])
            let second = Script([Self.good])
            let client = RegistryClient(
                http: .init(), hosts: .init(directories: []), credentials: [Script([nil]), first, second],
                logger: LogLines().logger)
            let found = try await client.resolve(reference)
            let asked = (first.count, second.count)
            let again = try await client.resolve(reference)
            #expect(found.digest == image.digest && again.digest == image.digest)
            #expect((first.count, second.count) == asked)
        }
    }

    @Test("a hundred refusals at once are one renewal")
    func together() async throws {
        try await withRegistry(refusal: Self.refusals[0]) { registry, reference, image in
            let source = Script([Self.bad(1), Self.good])
            let client = makeClient(credentials: source)
            try await withThrowingTaskGroup(of: Bool.self) { group in
                for _ in 0..<100 {
                    group.addTask { try await client.resolve(reference).digest == image.digest }
                }
                for try await isRight in group { #expect(isRight) }
            }
            #expect(source.asked.withLock { $0.filter { $0 }.count } == 1)
        }
    }

    @Test("where nobody can, the refusal comes soon, sources are left alone for a while, and then asked again")
    func nobody() async throws {
        try await withRegistry(refusal: Self.refusals[0]) { registry, reference, image in
            let source = Script([Self.bad(1), Self.bad(1), Self.bad(1), Self.good])
            let time = ManualTime()
            let client = makeClient(credentials: source, time: time)
            for _ in 0..<5 {
                #expect(code(await failure { _ = try await client.resolve(reference) }) == .unauthenticated)
            }
            #expect(source.asked.withLock { $0.filter { $0 }.count } == 1)
            for _ in 0..<2 {
                time.advance(by: .seconds(6))
                _ = await failure { _ = try await client.resolve(reference) }
            }
            let found = try await client.resolve(reference)
            #expect(found.digest == image.digest)
        }
    }

    @Test("of several credentials of pulls the refused ones give way, and are not asked with each time")
    func severalGiven() async throws {
        try await withTestRegistry(.init(access: .basic(["user": "good"]))) { registry in
            let good = RequestCredentials(username: "user", password: "good")
            let bad = (0..<3).map { RequestCredentials(username: "user", password: "bad\($0)") }
            let image = try SampleImage()
            let reference = try await image.push(makeClient(), "\(registry.host)/app:v1", credentials: good)
            let client = makeClient()
            let source = client.source(reference, image.layerDescriptor, anyOf: bad + [good] + bad)
            for start in [0, 1000, 2000] {
                #expect(
                    try await source.bytes(Int64(start)..<Int64(start + 100)) == Array(image.layer[start..<start + 100])
                )
            }
            let none = client.source(reference, image.layerDescriptor, anyOf: bad)
            #expect(blobCode(await failure { _ = try await none.bytes(0..<10) }) == .refused)
            let again = client.source(reference, image.layerDescriptor, anyOf: bad + [good])
            #expect(try await again.bytes(0..<10) == Array(image.layer[..<10]))
        }
    }
}
