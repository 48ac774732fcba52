package import Distribution
internal import LayerFormat
internal import Layers
package import Logging
internal import OCI
internal import State

/// Brings back what the node had before the daemon ended, orderly or not. Asks no network.
package struct Recovery: Sendable {
    private let storage: ImageStorage
    private let registry: RegistryClient
    private let logger: Logger

    package init(storage: ImageStorage, registry: RegistryClient, logger: Logger) {
        self.storage = storage
        self.registry = registry
        self.logger = logger
    }

    /// Restores every recorded layer and deletes files nobody refers to.
    ///
    /// A layer that cannot be restored is left out: its images count as absent until they are pulled again.
    package func run() async throws {
        let lost = try storage.credentials.dropUnreadable()
        if lost > 0 {
            logger.warning(
                "credentials of pulls were sealed with another key and are dropped; the next pulls bring new ones",
                metadata: ["count": "\(lost)"])
        }
        _ = try storage.state.removeUnreferencedLayers(keeping: [])
        try storage.indexes.recover()
        let records = try storage.state.layers()
        try await storage.store.sweep(keeping: Set(records.map(\.digest)))
        for record in records where record.poisoned == nil {
            guard let description = LayerDescription(record) else { continue }
            do {
                try storage.store.restore(description, source: source(of: record))
                storage.store.startFill(record.digest)
            } catch {
                logger.warning(
                    "layer not restored; its images must be pulled again",
                    metadata: ["layer.digest": "\(record.digest)", "error": "\(error)"])
            }
        }
    }

    /// The repositories it came from, asked with what their pulls were accepted with, then with the node's own credentials.
    private func source(of record: LayerRecord) -> any BlobSource {
        let type: MediaType = record.compression == LayerCompression.none.rawValue ? .ociLayer : .ociLayerGzip
        return LayerSource(
            Descriptor(mediaType: type, digest: record.digest, size: record.size),
            places: LayerPlaces(storage: storage, registry: registry))
    }
}
