internal import Layers
package import OCI
package import State

extension ImageStorage {
    /// Forgets a snapshot and what only it kept, in one small transaction; the files of layers go with `clearLayers`.
    /// - Throws: `StateError`.
    package func removeSnapshot(_ name: String) throws -> RemovedSnapshot { try custody.remove(snapshot: name) }

    /// Takes away the files of layers that were forgotten, and stops their transfers.
    package func clearLayers() async { await custody.clear() }

    /// Whether a runtime has snapshots with us, or layers listed for it, and so counts on our being there.
    package func servesRuntime() throws -> Bool {
        try !state.snapshots().isEmpty || !state.listedLayers().isEmpty
    }

    /// Bytes of the layer's content that can be read without a network.
    package func localBytes(of layer: Digest) -> Int64 { store.progress(of: layer)?.contentPresent ?? 0 }
}
