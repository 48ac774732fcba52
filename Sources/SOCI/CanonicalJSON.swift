internal import OCI

/// Compact JSON as the peer's tool writes it: fixed key order, sorted maps, and its escapes (soci.md 4.1).
///
/// Who serialises the same values again gets the same bytes, on which the peer's snapshotter insists.
enum CanonicalJSON {
    /// Members in the given order; absent ones are left out.
    static func object(_ members: [(key: String, value: String?)]) -> String {
        let present = members.compactMap { member in member.value.map { "\(string(member.key)):\($0)" } }
        return "{" + present.joined(separator: ",") + "}"
    }

    static func array(_ elements: [String]) -> String { "[" + elements.joined(separator: ",") + "]" }

    /// Keys sorted bytewise; nil if there are none.
    static func map(_ pairs: [String: String]) -> String? {
        guard !pairs.isEmpty else { return nil }
        let sorted = pairs.sorted { $0.key.utf8.lexicographicallyPrecedes($1.key.utf8) }
        return object(sorted.map { ($0.key, string($0.value)) })
    }

    static func descriptor(_ descriptor: Descriptor) -> String {
        object([
            ("mediaType", string(descriptor.mediaType.rawValue)),
            ("digest", string(descriptor.digest.description)),
            ("size", String(descriptor.size)),
            ("urls", descriptor.urls.isEmpty ? nil : array(descriptor.urls.map(string))),
            ("annotations", map(descriptor.annotations)),
            ("platform", descriptor.platform.map(platform)),
            ("artifactType", descriptor.artifactType.map { string($0.rawValue) }),
        ])
    }

    static func platform(_ platform: Platform) -> String {
        object([
            ("architecture", string(platform.architecture)),
            ("os", string(platform.os)),
            ("os.version", platform.osVersion.map(string)),
            ("os.features", platform.osFeatures.isEmpty ? nil : array(platform.osFeatures.map(string))),
            ("variant", platform.variant.map(string)),
        ])
    }

    static func string(_ text: String) -> String {
        var result = "\""
        for scalar in text.unicodeScalars {
            switch scalar {
            case "\"": result += "\\\""
            case "\\": result += "\\\\"
            case "\u{8}": result += "\\b"
            case "\u{c}": result += "\\f"
            case "\n": result += "\\n"
            case "\r": result += "\\r"
            case "\t": result += "\\t"
            case "\u{0}"..."\u{1f}", "<", ">", "&", "\u{2028}", "\u{2029}":
                let hex = String(scalar.value, radix: 16)
                result += "\\u" + String(repeating: "0", count: 4 - hex.count) + hex
            default: result.unicodeScalars.append(scalar)
            }
        }
        return result + "\""
    }
}
