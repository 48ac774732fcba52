/// The name of an image, normalised as Docker's distribution rules say (cri-image-service.md 8): `host/repository[:tag][@digest]`.
///
/// Two references are equal when their normalised forms are; `alpine`, `docker.io/library/alpine` and `index.docker.io/alpine`
/// are one name.
package struct Reference: Hashable, Sendable, CustomStringConvertible {
    /// Longest name, host and repository together, in bytes.
    package static let maximumNameLength = 255
    /// Longest text that is looked at: a name, a tag and a SHA-512.
    package static let maximumLength = 512

    /// The registry as the user names it, with its port: `docker.io`, `localhost:5000`, `[::1]:5000`.
    package let host: String
    /// The repository, with `library/` added on Docker Hub where it was left out.
    package let repository: String
    package let tag: String?
    package let digest: Digest?

    /// Parses and normalises `text`. A name without tag and digest stays so here; see `resolutionTag`.
    /// - Throws: `OCIError.invalidReference`; also for an image id (64 hex digits, with or without `sha256:`), which is not a name.
    package init(_ text: String) throws(OCIError) {
        let fail: (String) -> OCIError = { why in
            OCIError(.invalidReference, "'\(text.prefix(160))' is not an image name: \(why)")
        }
        guard text.utf8.count <= Self.maximumLength else { throw fail("longer than \(Self.maximumLength) bytes") }
        guard !ReferenceGrammar.isImageID(text) else {
            throw fail("it is an image id; give host/repository:tag instead")
        }

        var rest = Substring(text)
        var digest: Digest?
        if let at = rest.firstIndex(of: "@") {
            do { digest = try Digest(rest[rest.index(after: at)...]) } catch { throw fail(error.message) }
            rest = rest[..<at]
        }
        var (host, path) = ReferenceGrammar.splitHost(rest)
        guard ReferenceGrammar.isHost(host) else { throw fail("'\(host)' is not a host name with an optional port") }

        var tag: String?
        if let colon = path.firstIndex(of: ":") {
            let text = path[path.index(after: colon)...]
            guard ReferenceGrammar.isTag(text) else {
                throw fail("a tag is 1 to 128 letters, digits, '_', '.', '-' and begins with none of '.', '-'")
            }
            tag = String(text)
            path = path[..<colon]
        }
        guard ReferenceGrammar.isRepository(path) else {
            throw fail("a repository is lower-case letters and digits, parted by '.', '_', '__', '-' or '/'")
        }
        if host == "index.docker.io" { host = "docker.io" }
        self.host = host
        self.repository = host == "docker.io" && !path.contains("/") ? "library/\(path)" : String(path)
        self.tag = tag
        self.digest = digest
        guard repositoryName.utf8.count <= Self.maximumNameLength else {
            throw fail("host and repository are longer than \(Self.maximumNameLength) bytes")
        }
    }

    private init(_ other: Reference, tag: String?, digest: Digest?) {
        host = other.host
        repository = other.repository
        self.tag = tag
        self.digest = digest
    }

    /// `host/repository`.
    package var repositoryName: String { "\(host)/\(repository)" }

    /// What is asked for in a registry when there is no digest: the tag, or `latest`. Nil when a digest decides.
    package var resolutionTag: String? { digest == nil ? tag ?? "latest" : nil }

    /// The same repository by digest alone, as `repo_digests` and requests want it.
    package func withDigest(_ digest: Digest) -> Reference { Reference(self, tag: nil, digest: digest) }

    /// The same repository by tag alone.
    /// - Throws: `OCIError.invalidReference` if `tag` is not one.
    package func withTag(_ tag: String) throws(OCIError) -> Reference {
        guard ReferenceGrammar.isTag(tag[...]) else {
            throw OCIError(.invalidReference, "'\(tag.prefix(160))' is not a tag")
        }
        return Reference(self, tag: tag, digest: nil)
    }

    /// The form runtimes report and store: with `:latest` when neither tag nor digest was given.
    package var withDefaultTag: Reference {
        tag == nil && digest == nil ? Reference(self, tag: "latest", digest: nil) : self
    }

    /// The host that answers the API: Docker Hub's is another than its name.
    package var apiHost: String { host == "docker.io" ? "registry-1.docker.io" : host }

    package var description: String {
        repositoryName + (tag.map { ":\($0)" } ?? "") + (digest.map { "@\($0)" } ?? "")
    }
}

extension Reference: Codable {
    package init(from decoder: any Decoder) throws {
        try self.init(decoder.singleValueContainer().decode(String.self))
    }

    package func encode(to encoder: any Encoder) throws {
        var container = encoder.singleValueContainer()
        try container.encode(description)
    }
}
