package import HTTP

/// One host that may be asked on behalf of an image: a mirror, or the registry itself.
package struct Endpoint: Sendable, Hashable {
    package enum Capability: String, Sendable, Hashable, CaseIterable {
        /// Content by digest.
        case pull
        /// Tag to digest.
        case resolve
        case push
        case referrers
    }

    /// URL that API paths are appended to, without a slash at its end: `https://registry.example/v2`.
    package var base: HTTPURL
    package var capabilities: Set<Capability>
    /// The registry itself; the others are mirrors.
    package var isOrigin: Bool
    /// Whether credentials of the request may go here: the image's own registry, by its name or by its own hosts.toml's `server`.
    package var takesRequestCredentials: Bool
    /// `ns` parameter that tells a mirror whose content is wanted; nil towards the registry itself.
    package var namespace: String?
    package var tls: TLSOptions
    package var headers: [HTTPHeader]
    /// Key for the node's credentials: `host[:port]`, `docker.io` for Docker Hub.
    package var credentialHost: String

    /// `host[:port]` for messages, the port only where it is not the scheme's own.
    package var name: String { base.origin.shortName }
}

extension HTTPURL.Origin {
    /// `host[:port]`, the port only where it is not the scheme's own.
    var shortName: String { port == (scheme == "https" ? 443 : 80) ? host : "\(host):\(port)" }
}
