import Foundation
import HTTP
import TestSupport
import Testing

/// The client against Debian's registry; and the test registry itself.
@Suite struct RegistryTests {
    @Test func rangesOfABlob() async throws {
        try await withTestRegistry { registry in
            let blob = pattern(300_000)
            let digest = try registry.push(blob: blob, to: "team/app")
            let client = HTTPClient()
            defer { client.shutdown() }
            let url = "\(registry.url)/v2/team/app/blobs/\(digest)"
            let part = try await client.send(HTTPRequest(.get, url, range: 1_000..<250_000), maxBody: 1 << 20)
            #expect(part.status == 206)
            #expect(part.headers.first(of: "Content-Range") == "bytes 1000-249999/300000")
            #expect(part.body == Array(blob[1_000..<250_000]))
            let head = try await client.send(HTTPRequest(.head, url), maxBody: 0)
            #expect(head.head.contentLength == 300_000)

            let records = try await registry.records(atLeast: 4).suffix(2)
            let path = "/v2/team/app/blobs/\(digest)"
            #expect(records.map(\.method) == ["GET", "HEAD"])
            #expect(records.map(\.status) == [206, 200])
            #expect(records.map(\.bytes) == [249_000, 0])
            #expect(records.allSatisfy { $0.path == path && $0.query == nil })
        }
    }

    @Test func uploadsABlobAsAStream() async throws {
        try await withTestRegistry { registry in
            let blob = pattern(3_000_000)
            let digest = try TestRegistry.digest(of: blob)
            let client = HTTPClient()
            defer { client.shutdown() }
            let started = try await client.send(
                HTTPRequest(.post, "\(registry.url)/v2/a/blobs/uploads/"), maxBody: 1 << 10)
            #expect(started.status == 202)
            let location = try #require(started.headers.first(of: "Location"))
            let pieces = Pieces(blob, size: 100_000)
            let put = HTTPRequest(
                .put, location + "&digest=\(digest)", headers: [HTTPHeader("Content-Type", "application/octet-stream")],
                body: .stream(size: Int64(blob.count), next: { await pieces.next() }))
            let ended = try await client.send(put, maxBody: 1 << 10)
            #expect(ended.status == 201)
            let back = try await client.send(
                HTTPRequest(.get, "\(registry.url)/v2/a/blobs/\(digest)"), maxBody: 4 << 20)
            #expect(back.body == blob)
        }
    }

    @Test func basicCredentials() async throws {
        try await withTestRegistry(.init(access: .basic(["user": "pass word", "other": "x"]))) { registry in
            let client = HTTPClient()
            defer { client.shutdown() }
            for (text, status) in [("user:pass word", 200), ("other:x", 200), ("user:x", 401), ("", 401)] {
                let credentials =
                    text.isEmpty ? [] : [HTTPHeader("Authorization", "Basic \(Data(text.utf8).base64EncodedString())")]
                let answer = try await client.send(
                    HTTPRequest(.get, "\(registry.url)/v2/", headers: credentials), maxBody: 1 << 10)
                #expect(answer.status == status)
                #expect(
                    answer.headers.first(of: "WWW-Authenticate")?.hasPrefix("Basic ") == (status == 401 ? true : nil))
            }
        }
    }

    @Test func privateAuthority() async throws {
        try await withTemporaryDirectory { directory in
            let certificates = try TestCertificates(in: directory)
            try await withTestRegistry(.init(certificates: certificates)) { registry in
                let client = HTTPClient()
                defer { client.shutdown() }
                let request = HTTPRequest(.get, registry.url + "/v2/", tls: TLSOptions(caFiles: [certificates.ca]))
                let answer = try await client.send(request, maxBody: 1 << 10)
                #expect(answer.status == 200)
            }
        }
    }

    @Test func tokens() async throws {
        try await withTemporaryDirectory { directory in
            let server = try TokenServer(.init(anonymousPull: true), certificates: TestCertificates(in: directory))
            defer { server.stop() }
            try await withTestRegistry(.init(access: .token(server))) { registry in
                let client = HTTPClient()
                defer { client.shutdown() }
                func ask(_ token: String?) async throws -> HTTPResponse {
                    let lines = token.map { [HTTPHeader("Authorization", "Bearer \($0)")] } ?? []
                    return try await client.send(
                        HTTPRequest(.get, "\(registry.url)/v2/team/app/tags/list", headers: lines), maxBody: 1 << 10)
                }
                let refused = try await ask(nil)
                #expect(refused.status == 401)
                #expect(
                    refused.headers.first(of: "WWW-Authenticate")
                        == #"Bearer realm="\#(server.realm)",service="\#(server.service)",scope="repository:team/app:pull""#
                )
                let wrong = try await ask("wrong")
                #expect(wrong.status == 401)

                struct Answer: Decodable { var token: String }
                let url = "\(server.realm)?service=\(server.service)&scope=repository:team/app:pull,push"
                let given = try await client.send(HTTPRequest(.get, url), maxBody: 1 << 16)
                let token = try JSONDecoder().decode(Answer.self, from: Data(given.body)).token
                // The repository does not exist, which only those hear who may read it.
                let answer = try await ask(token)
                #expect(answer.status == 404)
                #expect(server.exchanges.map(\.status) == [200])
                #expect(server.exchanges.first?.fields["scope"] == ["repository:team/app:pull,push"])
            }
        }
    }
}
