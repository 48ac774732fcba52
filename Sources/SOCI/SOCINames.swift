package import OCI

/// Names that SOCI gives to its parts (soci.md 4.1, 4.4).
package enum SOCINames {
    /// Config media type of a v1 index, and its artifact type among referrers.
    package static let indexV1: MediaType = "application/vnd.amazon.soci.index.v1+json"
    /// Config media type of a v2 index, and its artifact type in an image index.
    package static let indexV2: MediaType = "application/vnd.amazon.soci.index.v2+json"
    /// Media type of a zTOC.
    package static let ztoc: MediaType = .octetStream
    /// Media type of a list of spans to load ahead.
    package static let prefetchList: MediaType = "application/vnd.amazon.soci.prefetch.v1+json"

    /// On a zTOC's descriptor: digest of the layer blob it is for.
    package static let layerDigest = "com.amazon.soci.image-layer-digest"
    package static let layerMediaType = "com.amazon.soci.image-layer-mediaType"
    /// On a zTOC's descriptor: decimal; absent in old indexes.
    package static let spanSize = "com.amazon.soci.span-size"
    /// On a zTOC's descriptor: `true` if the layer has no extended attributes and no opaque directories.
    package static let disableXattrs = "com.amazon.soci.disable-xattrs"
    package static let buildTool = "com.amazon.soci.build-tool-identifier"
    /// On an image manifest and its descriptor: digest of its v2 index.
    package static let indexDigest = "com.amazon.soci.index-digest"
    /// On a v2 index's descriptor in an image index: digest of the image manifest it belongs to.
    package static let imageManifestDigest = "com.amazon.soci.image-manifest-digest"

    /// The empty config every index points to, `{}`.
    package static let emptyConfig = Array("{}".utf8)
}
