/// What a registry said about one image.
package struct RegistryFacts: Sendable, Equatable {
    package enum Support: Sendable, Equatable {
        case yes
        case no(String)
        /// Could not be asked.
        case unknown(String)
    }

    package var image: String
    /// Why the manifest could not be had; nil if it could.
    package var failure: String?
    /// Whether parts of layers can be had.
    package var ranges = Support.unknown("not asked")
    /// Whether it lists what refers to an image.
    package var referrers = Support.unknown("not asked")
    /// Whether there is an index to stream by.
    package var index = Support.unknown("not asked")

    package init(image: String, failure: String? = nil) {
        self.image = image
        self.failure = failure
    }
}

extension RegistryFacts.Support {
    /// - Parameter no: what to make of a refusal, whose reason it is given.
    fileprivate func diagnosis(_ lookedAt: String, good: String, _ no: (String) -> Diagnosis) -> Diagnosis {
        switch self {
        case .yes: .good(lookedAt, good)
        case .no(let why): no(why)
        case .unknown(let why): .note(lookedAt, why)
        }
    }
}

/// Whether the registry is there and lets us in.
struct RegistryCheck: Check {
    let name = "registry"
    let facts: RegistryFacts

    func examine(_ node: Surroundings) async -> Diagnosis {
        let lookedAt = "the manifest of \(facts.image)"
        guard let failure = facts.failure else { return .good(lookedAt, "it can be had with these credentials") }
        return .bad(
            lookedAt, failure,
            "check name, proxy (/etc/default/imagelet), certs.d and credentials (--creds, dockerConfig)")
    }
}

/// Whether layers can be read in parts.
struct RangesCheck: Check {
    let name = "ranges"
    let facts: RegistryFacts

    func examine(_ node: Surroundings) async -> Diagnosis {
        let lookedAt = "ranged requests for a layer of \(facts.image)"
        return facts.ranges.diagnosis(lookedAt, good: "served") { why in
            .warning(
                lookedAt, "not served: \(why)",
                "images of this registry are fetched whole; use a registry or mirror with ranges")
        }
    }
}

/// Whether indexes that are not bound to their image are listed.
struct ReferrersCheck: Check {
    let name = "referrers"
    let facts: RegistryFacts

    func examine(_ node: Surroundings) async -> Diagnosis {
        let lookedAt = "the referrers API for \(facts.image)"
        return facts.referrers.diagnosis(lookedAt, good: "served") { .note(lookedAt, "not served: \($0)") }
    }
}

/// Whether there is an index to stream by.
struct IndexCheck: Check {
    let name = "index"
    let facts: RegistryFacts

    func examine(_ node: Surroundings) async -> Diagnosis {
        let lookedAt = "the manifest and the referrers of \(facts.image)"
        return facts.index.diagnosis(lookedAt, good: "there is an index to stream by") { why in
            .note(lookedAt, why, "imagelet index build \(facts.image) && imagelet index push \(facts.image)")
        }
    }
}
