internal import Layers
package import OCI
package import State

extension ImageStorage {
    /// Forgets a snapshot and what only it kept, in one small transaction; the files of layers go with `clearLayers`.
    /// - Throws: `StateError`.
    package func removeSnapshot(_ name: String) throws -> RemovedSnapshot { try custody.remove(snapshot: name) }

    /// Takes away the files of layers that were forgotten, and stops their transfers.
    package func clearLayers() async { await custody.clear() }

    /// Whether containerd mounts any of our layers.
    package func areLayersInSnapshots() throws -> Bool { try state.snapshots().contains { $0.layer != nil } }

    /// Bytes of the layer's content that can be read without a network.
    package func localBytes(of layer: Digest) -> Int64 { store.progress(of: layer)?.contentPresent ?? 0 }
}
