/// What the kubelet's `matchImages` and keys of logins mean: `*.dkr.ecr.*.amazonaws.com`, `registry.example:8080/team`. As many host parts, each
/// matched by itself with `*` and `?`; the same port; the path a beginning of the image's.
struct RegistryPattern: Sendable {
    private let hosts: [Substring]
    private let port: Substring?
    private let path: Substring

    init(_ text: String) {
        var rest = text[...]
        if let scheme = rest.firstRange(of: "://") { rest = rest[scheme.upperBound...] }
        let slash = rest.firstIndex(of: "/") ?? rest.endIndex
        (hosts, port) = Self.split(RegistryHost.key(String(rest[..<slash])))
        let path = rest[slash...]
        // Docker's own files write https://index.docker.io/v1/ for all of the Hub.
        self.path = ["/", "/v1/", "/v1", "/v2/", "/v2"].contains(path) ? "" : path
    }

    func matches(_ target: CredentialTarget) -> Bool {
        let (others, otherPort) = Self.split(RegistryHost.key(target.host))
        return port == otherPort && hosts.count == others.count && "/\(target.repository)".hasPrefix(path)
            && zip(hosts, others).allSatisfy { Self.matches(Array($0.utf8), Array($1.utf8)) }
    }

    private static func split(_ text: String) -> ([Substring], Substring?) {
        let colon = text.lastIndex(of: ":").flatMap { text[$0...].contains("]") ? nil : $0 }
        let host = text[..<(colon ?? text.endIndex)]
        return (
            host.split(separator: ".", omittingEmptySubsequences: false), colon.map { text[text.index(after: $0)...] }
        )
    }

    /// `*` stands for any characters, `?` for one. In time proportional to the product of the lengths, however many stars.
    private static func matches(_ pattern: [UInt8], _ text: [UInt8]) -> Bool {
        var (p, t) = (0, 0)
        var star: (p: Int, t: Int)?
        while t < text.count {
            if p < pattern.count, pattern[p] == UInt8(ascii: "*") {
                star = (p, t)
                p += 1
            } else if p < pattern.count, pattern[p] == UInt8(ascii: "?") || pattern[p] == text[t] {
                (p, t) = (p + 1, t + 1)
            } else if let last = star {
                star = (last.p, last.t + 1)
                (p, t) = (last.p + 1, last.t + 1)
            } else {
                return false
            }
        }
        return pattern[p...].allSatisfy { $0 == UInt8(ascii: "*") }
    }
}
