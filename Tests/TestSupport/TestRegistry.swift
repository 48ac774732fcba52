import Foundation

/// Debian's `docker-registry` (CNCF Distribution 2.8) on a free port of 127.0.0.1, with a storage directory of its own.
package final class TestRegistry: Sendable {
    package struct Options: Sendable {
        package enum Access: Sendable {
            /// Everybody may do everything.
            case open
            /// User names and passwords.
            case basic([String: String])
            /// Tokens of this server.
            case token(TokenServer)
        }

        package var access: Access
        /// Serves TLS with these; plain HTTP otherwise.
        package var certificates: TestCertificates?
        /// Allows `DELETE` of manifests and blobs.
        package var allowsDeletion: Bool

        package init(
            access: Access = .open, certificates: TestCertificates? = nil, allowsDeletion: Bool = true
        ) {
            self.access = access
            self.certificates = certificates
            self.allowsDeletion = allowsDeletion
        }
    }

    /// Holds the registry's files: `data/docker/registry/v2/…`, configuration, log.
    package let directory: String
    package let port: UInt16
    private let isSecure: Bool
    private let process: ChildProcess

    /// Returns when the registry answers.
    package init(_ options: Options = Options()) async throws {
        directory = makeTemporaryDirectory()
        let configuration = directory + "/config.yml"
        do {
            try Self.configuration(options, directory).write(
                toFile: configuration, atomically: true, encoding: .utf8)
            isSecure = options.certificates != nil
            process = try ChildProcess(
                ["docker-registry", "serve", configuration], logPath: directory + "/registry.log",
                removing: directory)
            let text = try await process.waitForLog("listening on 127[.]0[.]0[.]1:([0-9]+)")
            guard let port = UInt16(text) else { throw ChildProcess.Failed(description: "no port: \(text)") }
            self.port = port
        } catch {
            try? FileManager.default.removeItem(atPath: directory)
            throw error
        }
    }

    deinit { stop() }

    /// `127.0.0.1:PORT`, as it stands in references.
    package var host: String { "127.0.0.1:\(port)" }
    /// With scheme, without slash at the end.
    package var url: String { (isSecure ? "https://" : "http://") + host }

    var log: String { process.log }

    /// Ends the registry and removes its files.
    package func stop() {
        process.stop()
    }

    private static func configuration(_ options: Options, _ directory: String) throws -> String {
        var text = """
            version: 0.1
            log: {level: info, formatter: text, accesslog: {disabled: false}}
            storage:
              filesystem: {rootdirectory: \(directory)/data}
              delete: {enabled: \(options.allowsDeletion)}
              cache: {blobdescriptor: inmemory}
              maintenance: {uploadpurging: {enabled: false}}
            http:
              addr: 127.0.0.1:0
              secret: imagelet-test

            """
        if let certificates = options.certificates {
            text += "  tls: {certificate: \(certificates.serverCertificate), key: \(certificates.serverKey)}\n"
        }
        switch options.access {
        case .open: break
        case .basic(let users):
            // The registry takes bcrypt alone, which the system's crypt(3) can do and perl can reach.
            let lines = try users.map { user, password in
                let salt = "$2b$05$imageletimageletimageu"
                return try user + ":"
                    + ChildProcess.run(["perl", "-e", "print crypt($ARGV[0], $ARGV[1])", password, salt])
            }
            try (lines.joined(separator: "\n") + "\n").write(
                toFile: directory + "/htpasswd", atomically: true, encoding: .utf8)
            text += "auth: {htpasswd: {realm: imagelet-test, path: \(directory)/htpasswd}}\n"
        case .token(let server):
            text += """
                auth:
                  token:
                    realm: \(server.realm)
                    service: \(server.service)
                    issuer: \(server.issuer)
                    rootcertbundle: \(server.certificatePath)

                """
        }
        return text
    }
}

/// Runs `body` with a registry of its own and stops it afterwards.
package func withTestRegistry<R>(
    _ options: TestRegistry.Options = .init(), _ body: (TestRegistry) async throws -> R
) async throws -> R {
    let registry = try await TestRegistry(options)
    defer { registry.stop() }
    return try await body(registry)
}
