import HTTP
import TestSupport
import Testing

@Suite struct TLSTests {
    /// A plain server with TLS before it.
    private func withServer(
        clientCertificates: Bool = false, _ body: (TestCertificates, TLSFront) async throws -> Void
    ) async throws {
        try await withTemporaryDirectory { directory in
            let certificates = try TestCertificates(in: directory)
            let server = try RequestTests.echo()
            let front = try await TLSFront(
                to: server.port, certificates: certificates, requiresClientCertificate: clientCertificates)
            defer { front.stop() }
            try await body(certificates, front)
        }
    }

    private func get(_ url: String, _ tls: TLSOptions) async throws -> Int {
        let client = HTTPClient()
        defer { client.shutdown() }
        return try await client.send(HTTPRequest(.get, url, tls: tls), maxBody: 1 << 16).status
    }

    @Test func certificatesAreChecked() async throws {
        try await withServer { certificates, front in
            let (address, name) = ("https://127.0.0.1:\(front.port)/", "https://localhost:\(front.port)/")
            let unknown = await #expect(throws: HTTPError.self) { try await get(address, TLSOptions()) }
            #expect(unknown?.code == .tls && unknown?.isTransient == false)

            let trusting = TLSOptions(caFiles: [certificates.ca])
            let asked = [(address, trusting), (name, trusting), (address, TLSOptions(skipVerification: true))]
            for (url, tls) in asked {
                let status = try await get(url, tls)
                #expect(status == 200)
            }

            // The right CA, another name.
            let other = await #expect(throws: HTTPError.self) {
                try await get("https://127.0.0.2:\(front.port)/", trusting)
            }
            #expect(other?.code == .connect || other?.code == .tls)
        }
    }

    @Test func oneClientKeepsTrustApart() async throws {
        try await withServer { certificates, front in
            let client = HTTPClient()
            defer { client.shutdown() }
            let url = "https://127.0.0.1:\(front.port)/"
            let trusting = HTTPRequest(.get, url, tls: TLSOptions(caFiles: [certificates.ca]))
            let trusted = try await client.send(trusting, maxBody: 1 << 16)
            #expect(trusted.status == 200)
            // The connection that is kept was checked with another CA: it is not used for a request that does not trust it.
            let error = await #expect(throws: HTTPError.self) {
                try await client.send(HTTPRequest(.get, url), maxBody: 1 << 16)
            }
            #expect(error?.code == .tls)
        }
    }

    @Test func clientCertificateIsShown() async throws {
        try await withServer(clientCertificates: true) { certificates, front in
            let url = "https://127.0.0.1:\(front.port)/"
            let error = await #expect(throws: HTTPError.self) {
                try await get(url, TLSOptions(caFiles: [certificates.ca]))
            }
            #expect(error?.code == .tls || error?.code == .reset)
            let client = TLSOptions.ClientCertificate(
                certificate: certificates.clientCertificate, key: certificates.clientKey)
            let status = try await get(url, TLSOptions(caFiles: [certificates.ca], clientCertificate: client))
            #expect(status == 200)
        }
    }

    @Test(arguments: [
        TLSOptions(caFiles: ["/nonexistent/ca.pem"]),
        TLSOptions(clientCertificate: .init(certificate: "/nonexistent/client.pem", key: "/nonexistent/client.key")),
    ])
    func missingFileIsNamed(tls: TLSOptions) async {
        let error = await #expect(throws: HTTPError.self) { try await get("https://127.0.0.1:1/", tls) }
        #expect(error?.code == .tls)
        #expect(error?.message.contains("/nonexistent/") == true)
    }

    @Test func plainServerIsNoTLSServer() async throws {
        let server = try LoopbackServer { connection in
            _ = try? connection.read()
            try? connection.answer(400)
        }
        defer { server.stop() }
        let error = await #expect(throws: HTTPError.self) {
            try await get("https://127.0.0.1:\(server.port)/", TLSOptions())
        }
        #expect(error?.code == .tls)
    }
}
