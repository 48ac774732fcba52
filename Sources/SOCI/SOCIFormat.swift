package import LayerFormat

/// SOCI's table of contents, for those who know only the seam.
package struct SOCIFormat: TableOfContentsFormat {
    /// For zTOCs made here: bytes of content in a span.
    package var spanSize: Int64
    package var limits: LayerLimits

    package init(spanSize: Int64 = ZTOCBuilder.defaultSpanSize, limits: LayerLimits = .standard) {
        self.spanSize = spanSize
        self.limits = limits
    }

    package func open(_ file: any RandomAccessBytes, blobSize: Int64) throws -> any SegmentedLayer {
        let ztoc = try ZTOC(file, limits: limits)
        guard ztoc.blobSize == blobSize else {
            throw LayerFormatError(
                .mismatch, "the zTOC is for a blob of \(ztoc.blobSize) bytes, the layer has \(blobSize)")
        }
        return ztoc
    }

    package func makeTree(_ file: any RandomAccessBytes) throws -> LayerTree {
        var tree = LayerTree.Builder(limits: limits)
        try ZTOC(file, limits: limits).forEachEntry { try tree.add($0) }
        return try tree.finish()
    }

    package func makeIndexer(compression: LayerCompression, hashesContent: Bool) throws -> any LayerIndexer {
        ZTOCBuilder(compression: compression, spanSize: spanSize, limits: limits, hashesContent: hashesContent)
    }
}
