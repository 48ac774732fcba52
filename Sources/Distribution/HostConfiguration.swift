internal import FoundationEssentials
internal import HTTP
package import OCI

/// Where registries are reached: containerd's `certs.d` directories, and hosts that speak plain HTTP.
package struct HostConfiguration: Sendable, Equatable {
    /// Directories of the `certs.d` layout; the first that has something for a host counts. Default `/etc/containerd/certs.d`.
    package var directories: [String]
    /// Registries (`host[:port]`) to be spoken to in plain HTTP though they are not on this machine. Default none.
    package var plainHTTP: Set<String>

    package init(directories: [String] = ["/etc/containerd/certs.d"], plainHTTP: Set<String> = []) {
        self.directories = directories
        self.plainHTTP = plainHTTP
    }

    /// The hosts to ask for an image, mirrors in file order, the registry last; and warnings for the log.
    ///
    /// Reads small files; who asks often keeps the answer for a few seconds, so that edits count without a restart.
    /// - Throws: `RegistryError.invalidConfiguration`, naming file and key.
    package func endpoints(for reference: Reference) throws(RegistryError) -> (
        endpoints: [Endpoint], warnings: [String]
    ) {
        for directory in directories {
            // containerd writes `host_port_` where a colon is no good in a file name.
            var names = [reference.host]
            if let colon = reference.host.lastIndex(of: ":"), !reference.host.hasSuffix("]") {
                let port = reference.host[reference.host.index(after: colon)...]
                names.insert("\(reference.host[..<colon])_\(port)_", at: 0)
            }
            for name in names + ["_default"] {
                let path = "\(directory)/\(name)"
                if let text = try Self.read("\(path)/hosts.toml") {
                    let file = try HostsFile(parsing: text, path: "\(path)/hosts.toml")
                    return (try endpoints(reference, file, isOwn: name != "_default"), file.warnings)
                }
                if let tls = Self.certificates(in: path) {
                    return ([try origin(reference, tls: tls)], [])
                }
            }
        }
        return ([try origin(reference, tls: TLSOptions())], [])
    }

    private func endpoints(_ reference: Reference, _ file: HostsFile, isOwn: Bool) throws(RegistryError) -> [Endpoint] {
        func endpoint(_ host: HostsFile.Host, isOrigin: Bool) -> Endpoint {
            let isSame = RegistryHost.key(host.base.origin.shortName) == RegistryHost.key(reference.host)
            return Endpoint(
                base: host.base, capabilities: host.capabilities, isOrigin: isOrigin,
                takesRequestCredentials: isSame || isOrigin && isOwn, namespace: isSame ? nil : reference.host,
                tls: host.tls, headers: host.headers, credentialHost: RegistryHost.key(host.base.origin.shortName))
        }
        let last =
            if let server = file.server { endpoint(server, isOrigin: true) } else {
                try origin(reference, tls: TLSOptions())
            }
        return file.mirrors.map { endpoint($0, isOrigin: false) } + [last]
    }

    private func origin(_ reference: Reference, tls: TLSOptions) throws(RegistryError) -> Endpoint {
        let isPlain =
            plainHTTP.contains(reference.host)
            || RegistryHost.isLoopback(reference.host)
                && !reference.host.hasSuffix(":443") && tls == TLSOptions()
        let base: HTTPURL
        do { base = try HTTPURL("\(isPlain ? "http" : "https")://\(reference.apiHost)/v2") } catch {
            throw RegistryError(.invalidConfiguration, "\(reference.host) is no host one can connect to")
        }
        return Endpoint(
            base: base, capabilities: Set(Endpoint.Capability.allCases), isOrigin: true, takesRequestCredentials: true,
            namespace: nil, tls: tls, headers: [], credentialHost: RegistryHost.key(reference.host))
    }

    /// The text of a file of at most 1 MiB, or nil if there is none.
    private static func read(_ path: String) throws(RegistryError) -> String? {
        guard FileManager.default.fileExists(atPath: path) else { return nil }
        guard let data = try? Data(contentsOf: URL(filePath: path)), data.count <= 1 << 20,
            let text = String(validating: data, as: UTF8.self)
        else { throw RegistryError(.invalidConfiguration, "\(path): cannot be read as text of at most 1 MiB") }
        return text
    }

    /// Docker's older layout: `*.crt` are roots, `x.cert` with `x.key` is ours. Nil if the directory holds none of these.
    private static func certificates(in directory: String) -> TLSOptions? {
        guard let files = try? FileManager.default.contentsOfDirectory(atPath: directory).sorted() else { return nil }
        var tls = TLSOptions()
        tls.caFiles = files.filter { $0.hasSuffix(".crt") }.map { "\(directory)/\($0)" }
        if let certificate = files.first(where: { $0.hasSuffix(".cert") }) {
            let key = certificate.dropLast(5) + ".key"
            tls.clientCertificate = .init(certificate: "\(directory)/\(certificate)", key: "\(directory)/\(key)")
        }
        return tls == TLSOptions() ? nil : tls
    }
}
