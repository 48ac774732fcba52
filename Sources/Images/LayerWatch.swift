internal import History
internal import Layers
package import Logging
internal import OCI
internal import State

/// Records what the layer store reports: layers that completed, layers that proved wrong.
package struct LayerWatch: Sendable {
    private let storage: ImageStorage
    private let logger: Logger

    package init(storage: ImageStorage, logger: Logger) {
        self.storage = storage
        self.logger = logger
    }

    /// Ends when the store's events end or the task is cancelled.
    package func run() async {
        for await event in storage.store.events {
            do {
                try note(event)
            } catch {
                logger.error(
                    "layer event not recorded", metadata: ["layer.digest": "\(event.blob)", "error": "\(error)"])
            }
        }
    }

    private func note(_ event: LayerEvent) throws {
        switch event {
        case .complete(let digest):
            storage.timeline.arrived(digest)
            storage.history.arrived(digest)
            try storage.state.markComplete(digest)
            if let layer = storage.store.layer(digest) { try storage.keepTable(of: layer) }
            logger.info("layer complete", metadata: ["layer.digest": "\(digest)"])
        case .completeUnchecked(let digest, let why):
            storage.timeline.arrived(digest)
            storage.history.arrived(digest)
            try storage.state.markComplete(digest)
            logger.warning(
                "layer complete, diffID not checked", metadata: ["layer.digest": "\(digest)", "reason": "\(why)"])
        case .poisoned(let digest, let why):
            try storage.state.poison(digest, reason: why)
            storage.indexes.drop(digest)
            for image in try storage.state.images() where image.layers.contains(digest) {
                guard let index = try storage.state.usedIndex(manifest: image.manifestDigest) else { continue }
                try storage.state.poisonIndex(index, reason: why)
            }
            logger.critical(
                "table of contents proved wrong; the layer is not served any more, pull its images again",
                metadata: ["layer.digest": "\(digest)", "reason": "\(why)"])
        case .evicted(let digest, let bytes):
            try storage.state.markIncomplete(digest)
            logger.debug("layer evicted in part", metadata: ["layer.digest": "\(digest)", "bytes": "\(bytes)"])
        case .stalled(let digest, let why):
            logger.warning("background fill waits", metadata: ["layer.digest": "\(digest)", "reason": "\(why)"])
        }
    }
}
