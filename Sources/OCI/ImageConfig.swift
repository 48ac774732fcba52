/// The part of an image's configuration that matters for showing and mounting it (OCI image-spec, config.md).
package struct ImageConfig: Sendable, Equatable {
    package var architecture: String
    package var os: String
    package var variant: String?
    /// When the image was made, as it stands in the file (RFC 3339), not looked at.
    package var created: String?
    /// `user`, `uid`, `user:group` or `uid:gid`; empty if not set.
    package var user: String
    package var env: [String]
    package var entrypoint: [String]
    package var cmd: [String]
    package var workingDir: String
    package var labels: [String: String]
    /// Digest of each layer's uncompressed tar, lowest first.
    package var diffIDs: [Digest]

    /// - Throws: `OCIError` with `invalidConfig`, `tooLarge`.
    package init(parsing bytes: [UInt8]) throws(OCIError) {
        self = try OCIDocument.decode(ImageConfig.self, from: bytes, what: "image config", error: .invalidConfig)
    }

    package var platform: Platform { Platform(os: os, architecture: architecture, variant: variant) }

    /// Each layer of `manifest` with its diffID, lowest first.
    /// - Throws: `OCIError.invalidConfig` if their numbers differ.
    package func layers(of manifest: Manifest) throws(OCIError) -> [(layer: Descriptor, diffID: Digest)] {
        guard manifest.layers.count == diffIDs.count else {
            throw OCIError(
                .invalidConfig,
                "the manifest has \(manifest.layers.count) layers, the image config \(diffIDs.count) diffIDs")
        }
        return zip(manifest.layers, diffIDs).map { (layer: $0, diffID: $1) }
    }
}

extension ImageConfig: Decodable {
    private enum CodingKeys: String, CodingKey { case architecture, os, variant, created, config, rootfs }
    private enum ConfigKeys: String, CodingKey {
        case user = "User"
        case env = "Env"
        case entrypoint = "Entrypoint"
        case cmd = "Cmd"
        case workingDir = "WorkingDir"
        case labels = "Labels"
    }
    private enum RootFSKeys: String, CodingKey { case diffIDs = "diff_ids" }

    package init(from decoder: any Decoder) throws {
        let keys = try decoder.container(keyedBy: CodingKeys.self)
        architecture = try keys.decodeIfPresent(String.self, forKey: .architecture) ?? ""
        os = try keys.decodeIfPresent(String.self, forKey: .os) ?? ""
        variant = try keys.decodeIfPresent(String.self, forKey: .variant).flatMap { $0.isEmpty ? nil : $0 }
        created = try keys.decodeIfPresent(String.self, forKey: .created)
        let isSet = try keys.contains(.config) && !keys.decodeNil(forKey: .config)
        let config = isSet ? try keys.nestedContainer(keyedBy: ConfigKeys.self, forKey: .config) : nil
        user = try config?.decodeIfPresent(String.self, forKey: .user) ?? ""
        env = try config?.decodeIfPresent([String].self, forKey: .env) ?? []
        entrypoint = try config?.decodeIfPresent([String].self, forKey: .entrypoint) ?? []
        cmd = try config?.decodeIfPresent([String].self, forKey: .cmd) ?? []
        workingDir = try config?.decodeIfPresent(String.self, forKey: .workingDir) ?? ""
        labels = try config?.decodeIfPresent([String: String].self, forKey: .labels) ?? [:]
        let rootFS = try keys.nestedContainer(keyedBy: RootFSKeys.self, forKey: .rootfs)
        diffIDs = try rootFS.decodeIfPresent([Digest].self, forKey: .diffIDs) ?? []
    }
}
