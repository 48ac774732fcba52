import Foundation

/// Speaks TLS towards clients and plain TCP towards a port of this machine: puts TLS before any server of this module.
package final class TLSFront: Sendable {
    package let port: UInt16
    private let process: ChildProcess

    /// - Parameter requiresClientCertificate: refuse clients without a certificate of the same CA.
    package init(
        to port: UInt16, certificates: TestCertificates, requiresClientCertificate: Bool = false
    ) async throws {
        let script = certificates.directory + "/tls-front.py"
        try Self.script.write(toFile: script, atomically: true, encoding: .utf8)
        process = try ChildProcess(
            [
                "python3", "-u", script, String(port), certificates.serverCertificate, certificates.serverKey,
                requiresClientCertificate ? certificates.ca : "",
            ], logPath: certificates.directory + "/tls-front-\(UUID().uuidString).log")
        guard let port = UInt16(try await process.waitForLog("listening on ([0-9]+)")) else {
            throw ChildProcess.Failed(description: "the TLS front has no port")
        }
        self.port = port
    }

    /// `127.0.0.1:PORT`.
    package var host: String { "127.0.0.1:\(port)" }

    package func stop() { process.stop() }

    private static let script = """
        import asyncio, ssl, sys
        target, certificate, key, client_ca = int(sys.argv[1]), *sys.argv[2:5]
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(certificate, key)
        if client_ca:
            context.load_verify_locations(client_ca)
            context.verify_mode = ssl.CERT_REQUIRED

        async def pump(reader, writer):
            try:
                while data := await reader.read(65536):
                    writer.write(data)
                    await writer.drain()
                writer.close()
            except (OSError, ssl.SSLError):
                writer.transport.abort()

        async def serve(reader, writer):
            upstream = await asyncio.open_connection("127.0.0.1", target)
            await asyncio.gather(pump(reader, upstream[1]), pump(upstream[0], writer))

        async def main():
            server = await asyncio.start_server(serve, "127.0.0.1", 0, ssl=context)
            print("listening on", server.sockets[0].getsockname()[1], "", flush=True)
            await server.serve_forever()

        asyncio.run(main())

        """
}
