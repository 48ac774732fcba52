package import Hashing
package import History
package import LayerFormat
package import Layers
package import Logging
package import OCI
package import State
package import Telemetry

/// What this node keeps of images, as one: records, layers and tables of contents.
package struct ImageStorage: Sendable {
    package let state: StateDatabase
    package let store: LayerStore
    package let indexes: IndexStore
    let custody: LayerCustody
    let credentials: KeptCredentials
    let refusals = Refusals()
    let metrics: PullMetrics
    package let timeline: PullTimeline
    package let history: Chronicle

    /// - Parameters:
    ///   - key: what credentials are sealed with. Default: a key of this process, so that they end with it.
    ///   - spans: gets pulls as traces.
    ///   - history: the one that `store` tells what it fetches.
    ///   - logger: is told what went wrong and fails nobody. Default: nobody's.
    package init(
        state: StateDatabase, store: LayerStore, indexes: IndexStore, key: SealingKey = .random(),
        metrics: PullMetrics = PullMetrics(), spans: SpanBuffer? = nil, history: Chronicle = Chronicle(),
        logger: Logger = Logger(label: "", factory: { _ in SwiftLogNoOpLogHandler() })
    ) {
        self.history = history
        self.metrics = metrics
        timeline = PullTimeline(metrics, spans: spans)
        self.state = state
        self.store = store
        self.indexes = indexes
        custody = LayerCustody(state: state, store: store, logger: logger)
        credentials = KeptCredentials(state: state, key: key)
    }

    /// Which of the image's layers are here and usable, and which proved wrong.
    func holdings(of image: ResolvedManifest) throws -> FactFinder.Holdings {
        var holdings = FactFinder.Holdings(poisonedIndexes: Set(try state.poisonedIndexes().keys))
        for layer in image.distinctLayers {
            let digest = layer.digest
            if try state.layer(digest)?.poisoned != nil {
                holdings.poisoned.insert(digest)
            } else if let layer = store.layer(digest), layer.isReadable {
                holdings.local.insert(digest)
            }
        }
        return holdings
    }

    /// Gives every layer of the image its slot.
    func allocate(_ image: ResolvedImage) throws -> [Digest: LayerRecord] {
        let new = image.distinctLayers.map { layer in
            NewLayer(
                digest: layer.descriptor.digest, size: layer.descriptor.size, diffID: layer.diffID,
                compression: (layer.descriptor.layerCompression ?? .gzip).rawValue,
                source: image.reference.repositoryName)
        }
        return Dictionary(uniqueKeysWithValues: try state.allocate(new).map { ($0.digest, $0) })
    }

    /// Nil if the layer is not on its way and not here.
    package func status(of digest: Digest) -> LayerStatus? {
        store.progress(of: digest).map { progress in
            LayerStatus(digest: digest, slot: store.layer(digest)?.description.slot ?? 0, progress: progress)
        }
    }
}

extension Descriptor {
    /// The compression if it is one we can read lazily; nil for all others.
    package var layerCompression: LayerCompression? {
        switch mediaType.compression {
        case .gzip: .gzip
        case .none: LayerCompression.none
        case .zstd, .other: nil
        }
    }
}

extension LayerDescription {
    /// Nil if the record's compression is one this version does not know.
    init?(_ record: LayerRecord) {
        guard let compression = LayerCompression(rawValue: record.compression) else { return nil }
        self.init(
            slot: record.slot, blob: record.digest, blobSize: record.size, diffID: record.diffID,
            compression: compression)
    }
}
