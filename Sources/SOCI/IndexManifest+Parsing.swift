internal import FoundationEssentials
package import LayerFormat
internal import OCI

extension IndexManifest {
    /// Reads an index in any JSON form; what is unknown or unreadable in it is left out. The caller has checked the digest of `bytes`.
    /// - Throws: `LayerFormatError` if it is too large, no JSON manifest, or not a SOCI index.
    package init(parsing bytes: [UInt8]) throws(LayerFormatError) {
        guard bytes.count <= Self.maximumSize else {
            throw LayerFormatError(
                .tooLarge, "the SOCI index has \(bytes.count) bytes; at most \(Self.maximumSize) are read")
        }
        let document: Document
        do {
            document = try JSONDecoder().decode(Document.self, from: Data(bytes))
        } catch {
            throw LayerFormatError(.malformed, "the SOCI index is not a JSON image manifest")
        }
        guard let version = Version.allCases.first(where: { $0.configMediaType == document.config.mediaType }) else {
            let type = document.config.mediaType.rawValue.prefix(120)
            throw LayerFormatError(.unsupported, "not a SOCI index: its config has the media type '\(type)'")
        }
        self.version = version
        layers = document.layers.values
        subject = document.subject?.value
        annotations = document.annotations?.value ?? [:]
    }

    private struct Document: Decodable {
        struct Config: Decodable {
            var mediaType: MediaType
        }

        var config: Config
        var layers: LenientList<Descriptor>
        var subject: Lenient<Descriptor>?
        var annotations: Lenient<[String: String]>?
    }
}

/// A value, or nil where there is something else.
struct Lenient<Value: Decodable>: Decodable {
    var value: Value?

    init(from decoder: any Decoder) { value = try? Value(from: decoder) }
}

/// The elements that can be read.
struct LenientList<Element: Decodable>: Decodable {
    var values: [Element]

    init(from decoder: any Decoder) throws {
        var list = try decoder.unkeyedContainer()
        values = []
        while !list.isAtEnd {
            if let value = try list.decode(Lenient<Element>.self).value { values.append(value) }
        }
    }
}
