internal import Layers
internal import OCI
internal import State
internal import Synchronization

/// Decides how long a layer's bytes stay: as long as an image, a mount, or a pull that is under way needs them.
///
/// Records and files change in one order only: a record is made before its files, and forgotten before they go. A crash between the
/// two leaves files without a record, which the sweep at start removes.
final class LayerCustody: Sendable {
    private let state: StateDatabase
    private let store: LayerStore
    private let holds = Mutex<[Digest: Int]>([:])

    init(state: StateDatabase, store: LayerStore) {
        self.state = state
        self.store = store
    }

    /// Keeps `layers` until `release`, whether or not they are there yet.
    func hold(_ layers: Set<Digest>) {
        holds.withLock { holds in
            for layer in layers { holds[layer, default: 0] += 1 }
        }
    }

    /// Ends one hold of each; what nobody needs any more goes.
    func release(_ layers: Set<Digest>) async throws {
        holds.withLock { holds in
            for layer in layers {
                let count = holds[layer, default: 1]
                holds[layer] = count > 1 ? count - 1 : nil
            }
        }
        await drop(try state.removeUnreferencedLayers(keeping: held))
    }

    /// Keeps the layers of `image` while `body` runs; on any failure what it began is gone again.
    func holding<Answer>(_ image: ResolvedManifest, _ body: () async throws -> Answer) async throws -> Answer {
        let layers = Set(image.manifest.layers.map(\.digest))
        hold(layers)
        let outcome: Result<Answer, any Error>
        do { outcome = .success(try await body()) } catch { outcome = .failure(error) }
        try await release(layers)
        return try outcome.get()
    }

    /// Forgets an image. Its transfers stop at once; layers that others need stay.
    func remove(image id: Digest) async throws {
        await drop(try state.removeImage(id, keeping: held))
    }

    /// Forgets a mount and what only it needed.
    func remove(mount id: String) async throws {
        await drop(try state.removeMount(id, keeping: held))
    }

    private var held: Set<Digest> { holds.withLock { Set($0.keys) } }

    private func drop(_ records: [LayerRecord]) async {
        for record in records { await store.remove(record.digest) }
    }
}
