/// How a layer blob that can be read lazily is compressed (soci.md 2.8).
package enum LayerCompression: String, Sendable, Codable, CaseIterable {
    case gzip
    /// The blob is the tar itself.
    case none
}
