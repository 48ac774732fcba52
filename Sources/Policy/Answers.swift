package import OCI

/// Whether the manifest describes an image one can run.
package enum ManifestFact: Sendable, Equatable {
    case runnable
    /// Schema 1, an artifact, an unknown media type: left to the runtime. `why` is half a sentence.
    case unsupported(why: String)
}

/// Whether layers of our store reach the runtime.
package enum AttachmentFact: Sendable, Equatable {
    case attached
    /// `why` is a sentence without a full stop.
    case detached(why: String)
}

/// What the search for an index of the image gave. "None", "refused" and "could not ask" are three facts, not one
/// (design.md 3).
package enum IndexFact: Sendable, Equatable {
    /// A table-of-contents index was found and verified by its digest.
    case found(FoundIndex)
    /// Everyone was asked; there is none.
    case none
    /// A registry refused the question; the text says who and how.
    case refused(String)
    /// The question could not be asked or was not answered; the text says why. Never remembered as `none`.
    case unknown(String)
}

/// An index of tables of contents, as far as a decision needs it.
package struct FoundIndex: Sendable, Equatable {
    /// Which SOCI generation: v1 is found through referrers, v2 is bound to the image by its manifest; or only what
    /// this node made itself.
    package enum Version: String, Sendable, Codable, CaseIterable {
        case v1, v2, own
    }

    /// Digest of the index manifest; nil if nothing published is counted on.
    package var digest: Digest?
    package var version: Version
    /// Blobs of the layers it has a table of contents for.
    package var coveredLayers: Set<Digest>

    package init(digest: Digest?, version: Version, coveredLayers: Set<Digest>) {
        self.digest = digest
        self.version = version
        self.coveredLayers = coveredLayers
    }

    /// The index as sentences name it.
    var name: String { digest.map { "SOCI index \(version.rawValue) \($0)" } ?? "the index this node made" }
}

/// Whether the registry serves byte ranges of this image's blobs.
package enum RangeFact: Sendable, Equatable {
    case supported
    /// It was asked for a range and sent the whole blob.
    case unsupported
    /// It could not be asked; the text says why.
    case unknown(String)
}

extension FoundIndex: Encodable {
    private enum Key: String, CodingKey {
        case digest, version, coveredLayers
    }

    package func encode(to encoder: any Encoder) throws {
        var container = encoder.container(keyedBy: Key.self)
        try container.encode(digest, forKey: .digest)
        try container.encode(version, forKey: .version)
        try container.encode(coveredLayers.map(\.description).sorted(), forKey: .coveredLayers)
    }
}

/// The JSON form of an answer: `{"state": "unknown", "detail": "…"}`.
private enum AnswerKey: String, CodingKey {
    case state, detail, index
}

extension ManifestFact: Encodable {
    package func encode(to encoder: any Encoder) throws {
        var container = encoder.container(keyedBy: AnswerKey.self)
        switch self {
        case .runnable: try container.encode("runnable", forKey: .state)
        case .unsupported(let why):
            try container.encode("unsupported", forKey: .state)
            try container.encode(why, forKey: .detail)
        }
    }
}

extension IndexFact: Encodable {
    package func encode(to encoder: any Encoder) throws {
        var container = encoder.container(keyedBy: AnswerKey.self)
        switch self {
        case .found(let index):
            try container.encode("found", forKey: .state)
            try container.encode(index, forKey: .index)
        case .none: try container.encode("none", forKey: .state)
        case .refused(let detail):
            try container.encode("refused", forKey: .state)
            try container.encode(detail, forKey: .detail)
        case .unknown(let detail):
            try container.encode("unknown", forKey: .state)
            try container.encode(detail, forKey: .detail)
        }
    }
}

extension RangeFact: Encodable {
    package func encode(to encoder: any Encoder) throws {
        var container = encoder.container(keyedBy: AnswerKey.self)
        switch self {
        case .supported: try container.encode("supported", forKey: .state)
        case .unsupported: try container.encode("unsupported", forKey: .state)
        case .unknown(let detail):
            try container.encode("unknown", forKey: .state)
            try container.encode(detail, forKey: .detail)
        }
    }
}
