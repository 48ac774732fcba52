import Foundation

/// A private CA, a certificate for 127.0.0.1 and localhost, and one for a client; made with the openssl command.
package struct TestCertificates: Sendable {
    /// Of all paths below.
    package let directory: String

    package var ca: String { directory + "/ca.pem" }
    package var serverCertificate: String { directory + "/server.pem" }
    package var serverKey: String { directory + "/server.key" }
    package var clientCertificate: String { directory + "/client.pem" }
    package var clientKey: String { directory + "/client.key" }
    var caKey: String { directory + "/ca.key" }

    /// Makes them in `directory`, which must exist.
    package init(in directory: String) throws {
        self.directory = directory
        try openssl(
            "req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -days 2 -subj /CN=imagelet-test-ca "
                + "-keyout ca.key -out ca.pem")
        try sign("server", extensions: "subjectAltName=IP:127.0.0.1,DNS:localhost\nextendedKeyUsage=serverAuth\n")
        try sign("client", extensions: "extendedKeyUsage=clientAuth\n")
    }

    private func sign(_ name: String, extensions: String) throws {
        try extensions.write(toFile: "\(directory)/\(name).ext", atomically: false, encoding: .utf8)
        try openssl(
            "req -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -subj /CN=imagelet-test-\(name) "
                + "-keyout \(name).key -out \(name).csr")
        try openssl(
            "x509 -req -in \(name).csr -CA ca.pem -CAkey ca.key -CAcreateserial -days 2 "
                + "-extfile \(name).ext -out \(name).pem")
    }

    private func openssl(_ arguments: String) throws {
        try ChildProcess.run(["openssl"] + arguments.split(separator: " ").map(String.init), in: directory)
    }
}
