internal import Distribution
internal import LayerFormat
package import OCI
internal import SOCI

/// Makes a SOCI v1 index of an image, streaming each layer once from its origin and storing none of it.
package struct IndexBuilder: Sendable {
    package struct Options: Sendable {
        /// Bytes of content in a span.
        package var spanSize: Int64
        /// Layers of fewer compressed bytes get no table of contents.
        package var smallestLayer: Int64

        package init(spanSize: Int64 = 4 << 20, smallestLayer: Int64 = 10 << 20) {
            self.spanSize = spanSize
            self.smallestLayer = smallestLayer
        }
    }

    /// What became of one layer.
    package struct LayerOutcome: Sendable, Encodable {
        package var layer: Digest
        /// Of the zTOC; nil if the layer was left out.
        package var table: Digest?
        package var tableSize: Int64
        /// Why it was left out.
        package var skipped: String?
    }

    package struct Result: Sendable, Encodable {
        package var image: String
        /// Digest of the image manifest the index is for.
        package var subject: Digest
        /// Digest of the index.
        package var index: Digest
        package var layers: [LayerOutcome]
    }

    private let options: Options

    package init(options: Options = Options()) {
        self.options = options
    }

    /// - Parameters:
    ///   - layout: where zTOCs and index are written.
    ///   - report: called with each layer's outcome, and with the bytes read of it so far.
    /// - Throws: `ImageError`, `CancellationError`.
    package func build(
        _ reference: Reference, at origin: any ImageOrigin, into layout: IndexLayout,
        report: @escaping @Sendable (LayerOutcome) -> Void = { _ in }
    ) async throws -> Result {
        do {
            let image = try await ImageResolver().image(reference, at: origin)
            var outcomes: [Digest: LayerOutcome] = [:]
            var tables: [Descriptor] = []
            for layer in image.layers {
                let digest = layer.descriptor.digest
                if outcomes[digest] == nil {
                    let outcome = try await index(layer, of: image, at: origin, into: layout)
                    outcomes[digest] = outcome
                    report(outcome)
                }
                // Equal layers share one table, listed for each occurrence (soci.md 4.1).
                if let outcome = outcomes[digest], let table = outcome.table {
                    tables.append(
                        IndexManifest.ztocDescriptor(
                            digest: table, size: outcome.tableSize, spanSize: options.spanSize, layer: layer.descriptor)
                    )
                }
            }
            guard !tables.isEmpty else {
                throw ImageError(
                    .unsupported,
                    """
                    \(reference): no layer gets a table of contents: each is smaller than \(options.smallestLayer) bytes or neither \
                    gzip nor plain tar. Lower --min-layer-size to index small layers, too
                    """)
            }
            let manifest = IndexManifest(version: .v1, layers: tables, subject: image.manifestDescriptor)
            let bytes = manifest.encoded()
            let digest = Digest(of: bytes)
            try layout.add([bytes], digest: digest)
            try layout.add([SOCINames.emptyConfig], digest: Digest(of: SOCINames.emptyConfig))
            try layout.list(
                Descriptor(
                    mediaType: .ociManifest, digest: digest, size: Int64(bytes.count),
                    annotations: [
                        IndexLayout.imageAnnotation: reference.description,
                        IndexLayout.subjectAnnotation: image.digest.description,
                    ], artifactType: SOCINames.indexV1))
            return Result(
                image: reference.description, subject: image.digest, index: digest,
                layers: image.distinctLayers.compactMap { outcomes[$0.descriptor.digest] })
        } catch let error where !(error is CancellationError) {
            throw ImageError(describing: error)
        }
    }

    private func index(
        _ layer: ResolvedImage.Layer, of image: ResolvedImage, at origin: any ImageOrigin, into layout: IndexLayout
    ) async throws -> LayerOutcome {
        let descriptor = layer.descriptor
        guard let compression = descriptor.layerCompression else {
            return LayerOutcome(
                layer: descriptor.digest, tableSize: 0,
                skipped: "its type '\(descriptor.mediaType)' is neither gzip nor plain tar")
        }
        guard descriptor.size >= options.smallestLayer else {
            return LayerOutcome(
                layer: descriptor.digest, tableSize: 0,
                skipped: "its \(descriptor.size) bytes are fewer than \(options.smallestLayer)")
        }
        let builder = ZTOCBuilder(compression: compression, spanSize: options.spanSize)
        let source = origin.source(descriptor, in: image.reference)
        do {
            try await source.read(0..<descriptor.size) { try builder.feed($0) { _ in } }
            let indexed = try builder.finish()
            guard indexed.blobDigest == descriptor.digest else {
                throw ImageError(
                    .corrupt,
                    "layer \(descriptor.digest): the registry sent other bytes, with digest \(indexed.blobDigest)")
            }
            guard indexed.diffID == layer.diffID else {
                throw ImageError(
                    .corrupt,
                    """
                    layer \(descriptor.digest): its content has digest \(indexed.diffID?.description ?? "unknown"), the image config \
                    says \(layer.diffID)
                    """)
            }
            let table = Digest(ofPieces: indexed.pieces)
            try layout.add(indexed.pieces, digest: table)
            return LayerOutcome(
                layer: descriptor.digest, table: table, tableSize: indexed.pieces.reduce(0) { $0 + Int64($1.count) })
        } catch let error as LayerFormatError {
            // One odd layer never costs the whole image its index.
            return LayerOutcome(layer: descriptor.digest, tableSize: 0, skipped: error.message)
        }
    }
}

extension ImageResolver {
    /// The image, or an error that says why it is none.
    package func image(_ reference: Reference, at origin: any ImageOrigin) async throws -> ResolvedImage {
        switch try await resolve(reference, at: origin) {
        case .image(let image): return image
        case .unsupported(_, let why):
            throw ImageError(.unsupported, "\(reference) is no image that can be run: \(why)")
        }
    }
}
