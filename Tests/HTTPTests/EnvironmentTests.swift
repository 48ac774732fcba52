import Foundation
import HTTP
import TestSupport
import Testing

/// What curl takes from the environment; in processes of their own, for the environment is everybody's.
@Suite struct EnvironmentTests {
    @Test func proxyVariablesAreHonoured() async throws {
        await #expect(processExitsWith: .success) {
            let proxy = try RequestTests.echo()
            setenv("http_proxy", proxy.url, 1)
            setenv("NO_PROXY", "direct.example,127.0.0.0/8", 1)
            let client = HTTPClient()
            let through = try await client.send(HTTPRequest(.get, "http://registry.invalid/v2/"), maxBody: 1 << 16)
            precondition(through.status == 200)
            precondition(proxy.requests.first?.target == "http://registry.invalid/v2/")
            // A block of addresses that is not to be reached through the proxy.
            let direct = try RequestTests.echo()
            _ = try await client.send(HTTPRequest(.get, direct.url + "/v2/"), maxBody: 1 << 16)
            precondition(direct.requests.count == 1 && proxy.requests.count == 1)
        }
    }

    /// A reset connection must not end the process by SIGPIPE, with TLS neither, where OpenSSL does the writing.
    @Test func peerThatLeavesDoesNotEndTheProcess() async throws {
        await #expect(processExitsWith: .success) {
            try await withTemporaryDirectory { directory in
                let server = try LoopbackServer { connection in
                    _ = try? connection.read(through: "\r\n\r\n")
                    connection.reset()
                }
                let front = try await TLSFront(to: server.port, certificates: TestCertificates(in: directory))
                defer { front.stop() }
                let client = HTTPClient()
                for _ in 0..<5 {
                    let put = HTTPRequest(
                        .put, "https://\(front.host)/", body: .bytes(pattern(4 << 20)),
                        tls: TLSOptions(skipVerification: true))
                    do {
                        _ = try await client.send(put, maxBody: 1)
                    } catch let error as HTTPError {
                        precondition(error.isTransient)
                    }
                }
            }
        }
    }
}
