internal import HTTP
internal import OCI

/// One request of the registry API, before it is known at which host it is made.
struct Call: Sendable {
    var method: HTTPRequest.Method = .get
    /// Below the API base: `team/app/manifests/latest`.
    var path: String
    var query: [(name: String, value: String)] = []
    var headers: [HTTPHeader] = []
    var range: Range<Int64>?
    /// Makes the body anew for each try.
    var body: (@Sendable () -> HTTPBody)?
    /// What the token must allow.
    var actions: Set<String> = ["pull"]
    /// Overrides `path` and `query`: an upload's location, or a following page.
    var location: HTTPURL?
    /// Whether a redirect to another host is followed; if not, the redirect itself is the answer.
    var followsToOtherHosts = true
    var timeouts = Timeouts()

    func url(at endpoint: Endpoint) throws(HostFailure) -> HTTPURL {
        if let location { return location }
        var items = query
        if let namespace = endpoint.namespace { items.append(("ns", namespace)) }
        let tail = items.map { "\($0.name)=\(PercentEncoding.encode($0.value))" }.joined(separator: "&")
        var base = endpoint.base.text
        while base.hasSuffix("/") { base.removeLast() }
        do { return try HTTPURL("\(base)/\(path)" + (tail.isEmpty ? "" : "?\(tail)")) } catch {
            throw HostFailure(RegistryError(.invalidConfiguration, "\(endpoint.name): no URL can be made of this name"))
        }
    }

    static let manifestTypes =
        [MediaType.ociIndex, .ociManifest, .dockerList, .dockerManifest]
        .map { HTTPHeader("Accept", $0.rawValue) } + [HTTPHeader("Accept", "*/*;q=0.1")]
}

/// Status, header and, unless the body was wanted, the beginning of the body.
struct Answer: Sendable {
    var head: HTTPResponseHead
    /// At most `Transmission.errorBodyLimit` bytes.
    var errorBody: [UInt8]
    /// Where the answer came from in the end.
    var url: HTTPURL
    /// Whether that is another origin than the endpoint's.
    var isForeign: Bool
}

enum PercentEncoding {
    /// Encodes all but unreserved characters (RFC 3986, 2.3).
    static func encode(_ text: String) -> String {
        let digits = Array("0123456789ABCDEF".utf8)
        var result: [UInt8] = []
        for byte in text.utf8 {
            switch byte {
            case 0x30...0x39, 0x41...0x5A, 0x61...0x7A, UInt8(ascii: "-"), UInt8(ascii: "."), UInt8(ascii: "_"),
                UInt8(ascii: "~"):
                result.append(byte)
            default: result += [UInt8(ascii: "%"), digits[Int(byte >> 4)], digits[Int(byte & 15)]]
            }
        }
        return String(decoding: result, as: UTF8.self)
    }

    /// `a=b&c=d`.
    static func form(_ items: [(String, String)]) -> String {
        items.map { "\(encode($0.0))=\(encode($0.1))" }.joined(separator: "&")
    }
}
