import Distribution
import OCI
import Synchronization
import TestSupport
import Testing

@Suite struct UploadTests {
    static let content = Array("hello".utf8)
    static let descriptor = Descriptor(mediaType: .octetStream, digest: Digest(of: content), size: 5)

    @Test(arguments: [
        "/v2/app/blobs/uploads/1", "/v2/app/blobs/uploads/1?state=a%2Fb", "1?state=x", "absolute",
    ])
    func locations(location: String) async throws {
        let registry = try ScriptedRegistry { request, _ in
            switch request.method {
            case "HEAD": .init(404)
            case "POST":
                .init(
                    202,
                    [
                        (
                            name: "Location",
                            value: location == "absolute"
                                ? "http://\(request.head.value(of: "Host") ?? "")/up?x=1" : location
                        )
                    ])
            default: .init(201)
            }
        }
        defer { registry.stop() }
        try await makeClient().pushBlob(
            try Reference("\(registry.host)/app"), Self.descriptor, content: BytesSource(Self.content))
        #expect(registry.requests.map(\.method) == ["HEAD", "POST", "PUT"])
        let put = try #require(registry.requests.last)
        #expect(put.body == Self.content)
        let digest = "digest=sha256%3A\(Self.descriptor.digest.hex)"
        let query =
            location.split(separator: "?").dropFirst().first.map { "\($0)&" } ?? (location == "absolute" ? "x=1&" : "")
        #expect(put.query == query + digest)
    }

    @Test func whatIsThereIsNotSent() async throws {
        let registry = try ScriptedRegistry { _, _ in .init(200) }
        defer { registry.stop() }
        try await makeClient().pushBlob(
            try Reference("\(registry.host)/app"), Self.descriptor, content: BytesSource(Self.content))
        #expect(registry.requests.map(\.method) == ["HEAD"])
    }

    @Test(arguments: [
        (201, ["HEAD", "POST"]), (202, ["HEAD", "POST", "PUT"]), (404, ["HEAD", "POST", "POST", "PUT"]),
    ])
    func mounting(status: Int, methods: [String]) async throws {
        let registry = try ScriptedRegistry { request, _ in
            switch request.method {
            case "HEAD": .init(404)
            case "POST":
                .init(request.query.isEmpty ? 202 : status, [(name: "Location", value: "/v2/app/blobs/uploads/1")])
            default: .init(201)
            }
        }
        defer { registry.stop() }
        try await makeClient().pushBlob(
            try Reference("\(registry.host)/app"), Self.descriptor, content: BytesSource(Self.content),
            mountFrom: try Reference("\(registry.host)/base"))
        #expect(registry.requests.map(\.method) == methods)
        #expect(registry.requests[1].query == "mount=sha256%3A\(Self.descriptor.digest.hex)&from=base")
    }

    @Test func failuresEndTheUpload() async throws {
        let registry = try ScriptedRegistry { request, _ in
            switch request.method {
            case "HEAD": .init(404)
            case "POST": .init(202, [(name: "Location", value: "/v2/app/blobs/uploads/1")])
            default: .init(400, [], #"{"errors":[{"code":"DIGEST_INVALID","message":"no\nmatch"}]}"#)
            }
        }
        defer { registry.stop() }
        let error = await failure {
            try await makeClient().pushBlob(
                try Reference("\(registry.host)/app"), Self.descriptor, content: BytesSource(Self.content))
        }
        #expect(code(error) == .invalidResponse)
        #expect("\(error.map { "\($0)" } ?? "")".hasSuffix("400 refused (DIGEST_INVALID: no match)"))
        #expect(registry.requests.map(\.method) == ["HEAD", "POST", "PUT", "DELETE"])
    }

    /// Each 64 KiB has one value, so that 64 MiB need not be held to be sent.
    struct Pattern: BlobSource {
        let size: Int64
        func read(_ range: Range<Int64>, _ consume: ([UInt8]) async throws -> Void) async throws {
            var position = range.lowerBound
            while position < range.upperBound {
                let end = min((position >> 16 + 1) << 16, range.upperBound)
                try await consume(
                    [UInt8](repeating: UInt8(truncatingIfNeeded: position >> 16), count: Int(end - position)))
                position = end
            }
        }
    }

    @Test func largeBlobsGoInPieces() async throws {
        let size: Int64 = 64 << 20 | 4097
        let pattern = Pattern(size: size)
        var all: [UInt8] = []
        try await pattern.read(0..<size) { all += $0 }
        let descriptor = Descriptor(mediaType: .octetStream, digest: Digest(of: all), size: size)
        try await withTestRegistry { registry in
            try await withFaultyProxy(upstreamPort: registry.port) { proxy in
                let reference = try Reference("\(proxy.host)/app")
                let client = makeClient(time: ManualTime())
                try await client.pushBlob(reference, descriptor, content: pattern)
                let patches = proxy.requests.filter { $0.method == "PATCH" }
                #expect(patches.count == 5)
                #expect(patches.first?.head.value(of: "Content-Range") == "0-16777215")
                #expect(
                    try await client.source(reference, descriptor).bytes((size - 100)..<size) == Array(all.suffix(100)))
            }
        }
    }

    @Test func wrongSizesAreOurOwnMistake() async throws {
        let error = await failure {
            try await makeClient(time: ManualTime()).pushBlob(
                try Reference("127.0.0.1:1/app"), Self.descriptor, content: BytesSource([1]))
        }
        #expect(code(error) == .invalidConfiguration)
    }
}
