internal import FoundationEssentials
internal import HTTP
internal import OCI

/// One page of an answer to "who refers to this?": an OCI index, entries we cannot read left out.
struct ReferrersPage: Sendable {
    var descriptors: [Descriptor]

    private struct Document: Decodable {
        /// An entry with a digest algorithm we do not know, say, must not hide the others.
        struct Entry: Decodable {
            var descriptor: Descriptor?
            init(from decoder: any Decoder) throws { descriptor = try? Descriptor(from: decoder) }
        }
        var mediaType: MediaType?
        var manifests: [Entry]
    }

    /// Nil if the bytes are not an index: a login page, an error in HTML, another manifest.
    init?(parsing bytes: [UInt8]) {
        guard bytes.count <= OCIDocument.maximumSize,
            let document = try? JSONDecoder().decode(Document.self, from: Data(bytes)),
            document.mediaType.map({ $0.isIndex || $0.rawValue.isEmpty }) ?? true
        else { return nil }
        descriptors = document.manifests.compactMap(\.descriptor)
    }

    /// Entries of `type`; servers may ignore the filter, or apply it and say so, so it is always applied here, too.
    static func filter(_ descriptors: [Descriptor], artifactType type: String?) -> [Descriptor] {
        guard let type else { return descriptors }
        return descriptors.filter { $0.artifactType == MediaType(rawValue: type) }
    }

    /// The tag that stands in for the referrers API (registry.md 6.2).
    static func fallbackTag(_ digest: Digest) -> String {
        "\(digest.algorithmName)-\(digest.hex.prefix(64))"
    }
}

/// `Link: <url>; rel="next"` (RFC 8288).
enum LinkHeader {
    static func next(_ values: [String]) -> String? {
        for value in values {
            var rest = value[...]
            while let open = rest.firstIndex(of: "<"), let close = rest[open...].firstIndex(of: ">") {
                let url = rest[rest.index(after: open)..<close]
                let tail = rest[rest.index(after: close)...]
                let end = tail.firstIndex(of: "<") ?? tail.endIndex
                let parameters = tail[..<end].lowercased().filter { $0 != " " && $0 != "\"" }
                if parameters.split(separator: ";" as Character).contains(where: {
                    $0 == "rel=next" || $0 == "rel=next,"
                }) {
                    return String(url)
                }
                rest = tail[end...]
            }
        }
        return nil
    }
}
