/// What a manifest runs on (OCI image-spec, image-index.md).
package struct Platform: Hashable, Sendable, CustomStringConvertible {
    package var os: String
    package var architecture: String
    /// `v7`, `v8`; for amd64 `v1` to `v4`. Nil means the architecture's usual one.
    package var variant: String?
    package var osVersion: String?
    package var osFeatures: [String]

    package init(
        os: String, architecture: String, variant: String? = nil, osVersion: String? = nil, osFeatures: [String] = []
    ) {
        self.os = os
        self.architecture = architecture
        self.variant = variant
        self.osVersion = osVersion
        self.osFeatures = osFeatures
    }

    /// The platform this program was compiled for, in Go's words. For amd64 without variant, which is the baseline `v1`;
    /// who knows the CPU's flags adds `variant`.
    package static var host: Platform {
        #if arch(x86_64)
            Platform(os: "linux", architecture: "amd64")
        #elseif arch(arm64)
            Platform(os: "linux", architecture: "arm64", variant: "v8")
        #elseif arch(arm)
            Platform(os: "linux", architecture: "arm", variant: "v7")
        #elseif arch(powerpc64le)
            Platform(os: "linux", architecture: "ppc64le")
        #elseif arch(s390x)
            Platform(os: "linux", architecture: "s390x")
        #elseif arch(riscv64)
            Platform(os: "linux", architecture: "riscv64")
        #else
            Platform(os: "linux", architecture: "unknown")
        #endif
    }

    /// Attestations of BuildKit stand in an index under `unknown/unknown`; they are no images.
    package var isUnknown: Bool { architecture == "unknown" || os == "unknown" }

    /// How well something made for `offered` runs here: nil not at all, higher is better.
    ///
    /// amd64 and arm take the best variant not above their own; of other architectures the variant must be the same.
    package func fitness(of offered: Platform) -> Int? {
        let mine = normalized
        let theirs = offered.normalized
        guard mine.os == theirs.os, mine.architecture == theirs.architecture, !offered.isUnknown,
            Set(offered.osFeatures).isSubset(of: osFeatures)
        else { return nil }
        if mine.variant == theirs.variant { return 100 }
        guard mine.architecture == "amd64" || mine.architecture == "arm",
            let have = mine.variantNumber, let need = theirs.variantNumber, need <= have
        else { return nil }
        return need
    }

    /// Go's other names are mapped, and absent variants filled in: arm64 is v8, arm v7, amd64 v1.
    private var normalized: Platform {
        var result = self
        result.os = os.lowercased()
        switch architecture.lowercased() {
        case "x86_64", "x86-64", "amd64":
            result.architecture = "amd64"
            result.variant = variant ?? "v1"
        case "aarch64", "arm64":
            result.architecture = "arm64"
            result.variant = variant == nil || variant == "8" ? "v8" : variant
        case "armhf", "arm":
            result.architecture = "arm"
            result.variant = variant ?? "v7"
        case let other: result.architecture = other
        }
        return result
    }

    private var variantNumber: Int? {
        guard let variant else { return nil }
        return Int(variant.hasPrefix("v") ? variant.dropFirst() : variant[...])
    }

    package var description: String { "\(os)/\(architecture)" + (variant.map { "/\($0)" } ?? "") }
}

extension Platform: Codable {
    private enum CodingKeys: String, CodingKey {
        case os, architecture, variant
        case osVersion = "os.version"
        case osFeatures = "os.features"
    }

    package init(from decoder: any Decoder) throws {
        let keys = try decoder.container(keyedBy: CodingKeys.self)
        os = try keys.decodeIfPresent(String.self, forKey: .os) ?? ""
        architecture = try keys.decodeIfPresent(String.self, forKey: .architecture) ?? ""
        variant = try keys.decodeIfPresent(String.self, forKey: .variant).flatMap { $0.isEmpty ? nil : $0 }
        osVersion = try keys.decodeIfPresent(String.self, forKey: .osVersion)
        osFeatures = try keys.decodeIfPresent([String].self, forKey: .osFeatures) ?? []
    }

    package func encode(to encoder: any Encoder) throws {
        var keys = encoder.container(keyedBy: CodingKeys.self)
        try keys.encode(architecture, forKey: .architecture)
        try keys.encode(os, forKey: .os)
        try keys.encodeIfPresent(osVersion, forKey: .osVersion)
        if !osFeatures.isEmpty { try keys.encode(osFeatures, forKey: .osFeatures) }
        try keys.encodeIfPresent(variant, forKey: .variant)
    }
}
