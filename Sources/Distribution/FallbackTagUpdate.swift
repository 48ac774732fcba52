internal import FoundationEssentials
internal import HTTP
internal import OCI

/// Adds an entry to the index under a subject's fallback tag, which others may be changing at the same time (registry.md 8, step 5).
struct FallbackTagUpdate: Sendable {
    let client: RegistryClient
    let access: Access
    let subject: Digest
    let entry: Descriptor

    /// Times the index is read, changed and written before giving up.
    static let attempts = 5

    /// - Throws: `RegistryError`, `CancellationError`.
    func run() async throws {
        let tag = ReferrersPage.fallbackTag(subject)
        for _ in 0..<Self.attempts {
            let current = try await client.fallbackIndex(access, of: subject, actions: ["pull", "push"])
            if current.descriptors.contains(where: { $0.digest == entry.digest }) {
                // A writer who read before us may still write after us; only a second look shows that.
                try await client.options.time.sleep(.milliseconds(Int64.random(in: 50...150)))
                let again = try await client.fallbackIndex(access, of: subject, actions: ["pull", "push"])
                if again.descriptors.contains(where: { $0.digest == entry.digest }) { return }
                continue
            }
            let bytes = try Self.adding(entry, to: current.body)
            let condition = current.tag.map { [HTTPHeader("If-Match", $0)] } ?? []
            // 412: somebody was faster, and the registry noticed.
            _ = try await client.put(access, tag, bytes, .ociIndex, headers: condition, accepted: [200, 201, 202, 412])
        }
        throw RegistryError(
            .unavailable,
            "\(access.reference.host): the referrers tag \(tag) is being changed by others all the time; push again later",
            host: access.reference.host)
    }

    /// The index with one entry more. What others wrote stays as it is, members we do not know included.
    static func adding(_ entry: Descriptor, to body: [UInt8]?) throws -> [UInt8] {
        let added = try JSONDecoder().decode(JSONValue.self, from: Data(OCIDocument.encode(entry)))
        var index: [String: JSONValue] = [
            "schemaVersion": .integer(2), "mediaType": .string(MediaType.ociIndex.rawValue), "manifests": .array([]),
        ]
        if let body, case .object(let found) = try JSONDecoder().decode(JSONValue.self, from: Data(body)) {
            index = found
        }
        var entries: [JSONValue] = []
        if case .array(let found)? = index["manifests"] { entries = found }
        index["manifests"] = .array(entries + [added])
        index["mediaType"] = .string(MediaType.ociIndex.rawValue)
        return try OCIDocument.encode(JSONValue.object(index))
    }
}
