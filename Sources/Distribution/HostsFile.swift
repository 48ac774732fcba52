package import HTTP
internal import TOML

/// A hosts.toml of containerd's `certs.d` layout (registry.md 7): a pure function from its text to hosts, in file order.
package struct HostsFile: Sendable, Equatable {
    /// What the file says about one host.
    package struct Host: Sendable, Equatable {
        /// API base: `https://mirror.example/v2`.
        package var base: HTTPURL
        package var capabilities: Set<Endpoint.Capability>
        package var tls: TLSOptions
        package var headers: [HTTPHeader]
    }

    /// The registry itself, if the file says where it is.
    package var server: Host?
    /// Mirrors in the order they are tried.
    package var mirrors: [Host]
    /// Unknown keys, which are passed over.
    package var warnings: [String]

    /// - Parameters:
    ///   - path: of the file, for messages; relative names of certificates are taken from its directory.
    /// - Throws: `RegistryError.invalidConfiguration`, naming file and key.
    package init(parsing text: String, path: String) throws(RegistryError) {
        var reader = HostsFileReader(path: path)
        let root: TOMLTable
        do {
            root = try TOMLTable(parsing: text)
        } catch {
            throw RegistryError(.invalidConfiguration, "\(path): \(error)")
        }
        switch root["server"] {
        case nil: server = nil
        case .string(let url)?:
            server = try reader.host(url, settings: root, at: "")
        default: throw reader.error("server", "must be a string")
        }
        mirrors = []
        switch root["host"] {
        case nil: break
        case .table(let hosts)?:
            for url in hosts.names {
                guard case .table(let settings)? = hosts[url] else {
                    throw reader.error("host.\"\(url)\"", "must be a table")
                }
                mirrors.append(try reader.host(url, settings: settings, at: "host.\"\(url)\"."))
            }
        default: throw reader.error("host", "must be a table")
        }
        if server == nil {
            for key in root.names where key != "host" && !HostsFileReader.known.contains(key) {
                reader.warn(key)
            }
        }
        warnings = reader.warnings
    }
}

/// Reads the settings of one host.
private struct HostsFileReader {
    static let known: Set<String> = ["capabilities", "ca", "client", "skip_verify", "header", "override_path"]
    let path: String
    var warnings: [String] = []

    init(path: String) { self.path = path }

    func error(_ key: String, _ why: String) -> RegistryError {
        RegistryError(.invalidConfiguration, "\(path): \(key) \(why)")
    }

    mutating func warn(_ key: String) { warnings.append("\(path): \(key) is not known and has no effect") }

    mutating func host(_ text: String, settings: TOMLTable, at prefix: String) throws(RegistryError)
        -> HostsFile.Host
    {
        let own: Set<String> = prefix.isEmpty ? ["server", "host"] : []
        for key in settings.names where !Self.known.contains(key) && !own.contains(key) { warn(prefix + key) }
        let key = prefix.isEmpty ? "server" : "host.\"\(text)\""
        let isOverride = try bool(settings["override_path"], prefix + "override_path")
        var tls = TLSOptions()
        tls.caFiles = try strings(settings["ca"], prefix + "ca").map(absolute)
        tls.clientCertificate = try client(settings["client"], prefix + "client")
        tls.skipVerification = try bool(settings["skip_verify"], prefix + "skip_verify")
        return HostsFile.Host(
            base: try base(text, isOverride: isOverride, key: key),
            capabilities: try capabilities(settings["capabilities"], prefix + "capabilities"), tls: tls,
            headers: try headers(settings["header"], prefix + "header"))
    }

    /// Adds the scheme and `/v2` that containerd lets one leave out.
    private func base(_ text: String, isOverride: Bool, key: String) throws(RegistryError) -> HTTPURL {
        var text = text
        if text.firstRange(of: "://") == nil {
            let scheme = RegistryHost.isLoopback(String(text.prefix { $0 != "/" })) ? "http" : "https"
            text = "\(scheme)://\(text)"
        }
        do {
            let url = try HTTPURL(text)
            guard url.query == nil else { throw error(key, "must not have a query") }
            var path = url.path
            while path.hasSuffix("/") { path.removeLast() }
            if !isOverride, !path.hasSuffix("/v2") { path += "/v2" }
            return try HTTPURL("\(url.origin.scheme)://\(url.origin.shortName)\(path)")
        } catch let failure as RegistryError {
            throw failure
        } catch {
            throw self.error(key, "is no http or https URL without user name")
        }
    }

    private func capabilities(_ node: TOMLNode?, _ key: String) throws(RegistryError) -> Set<Endpoint.Capability> {
        guard let node else { return Set(Endpoint.Capability.allCases) }
        guard case .array = node else { throw error(key, "must be an array of strings") }
        var result: Set<Endpoint.Capability> = []
        for text in try strings(node, key) {
            guard let capability = Endpoint.Capability(rawValue: text) else {
                throw error(key, "names '\(text)'; known are pull, resolve, push and referrers")
            }
            result.insert(capability)
        }
        return result
    }

    /// A string, `[certificate, key]`, or an array of such pairs of which curl can use one.
    private func client(_ node: TOMLNode?, _ key: String) throws(RegistryError) -> TLSOptions.ClientCertificate? {
        let pairs: [TOMLNode]
        switch node {
        case nil: return nil
        case .string(let file)?:
            return TLSOptions.ClientCertificate(certificate: absolute(file), key: absolute(file))
        case .array(let items)?:
            if case .array? = items.first { pairs = items } else { pairs = [.array(items)] }
        default: throw error(key, "must be a file name, a pair of them, or an array of pairs")
        }
        guard let first = pairs.first, pairs.count == 1 else {
            throw error(key, "must hold one certificate and its key")
        }
        let files = try strings(first, key)
        guard let certificate = files.first, files.count <= 2 else {
            throw error(key, "must be a file name, a pair of them, or an array of pairs")
        }
        let keyFile = files.count == 2 && !files[1].isEmpty ? files[1] : certificate
        return TLSOptions.ClientCertificate(certificate: absolute(certificate), key: absolute(keyFile))
    }

    private func headers(_ node: TOMLNode?, _ key: String) throws(RegistryError) -> [HTTPHeader] {
        guard let node else { return [] }
        guard case .table(let table) = node else { throw error(key, "must be a table") }
        var result: [HTTPHeader] = []
        for name in table.names {
            for value in try strings(table[name], "\(key).\(name)") {
                guard !name.isEmpty, name.utf8.allSatisfy({ $0 > 0x20 && $0 < 0x7F && $0 != UInt8(ascii: ":") }),
                    value.utf8.allSatisfy({ $0 >= 0x20 && $0 != 0x7F })
                else { throw error("\(key).\(name)", "cannot stand in a header line") }
                result.append(HTTPHeader(name, value))
            }
        }
        return result
    }

    private func strings(_ node: TOMLNode?, _ key: String) throws(RegistryError) -> [String] {
        switch node {
        case nil: return []
        case .string(let text)?: return [text]
        case .array(let items)?:
            var result: [String] = []
            for item in items {
                guard case .string(let text) = item else { throw error(key, "must be a string or an array of strings") }
                result.append(text)
            }
            return result
        default: throw error(key, "must be a string or an array of strings")
        }
    }

    private func bool(_ node: TOMLNode?, _ key: String) throws(RegistryError) -> Bool {
        switch node {
        case nil: return false
        case .bool(let value)?: return value
        default: throw error(key, "must be true or false")
        }
    }

    private func absolute(_ file: String) -> String {
        guard !file.hasPrefix("/"), let slash = path.lastIndex(of: "/") else { return file }
        return path[...slash] + file
    }
}
