internal import Layers
internal import Logging
internal import OCI
internal import State
internal import Synchronization

/// Decides how long a layer's bytes stay: as long as an image, a mount, a snapshot, or a pull that is under way needs them.
///
/// Records and files change in one order only: a record is made before its files, and forgotten before they go. A crash between the
/// two leaves files without a record, which the sweep at start removes. Whoever holds a layer of which files are still to go waits
/// until they are gone: the same digest may come back under another slot, but into the same directory.
final class LayerCustody: Sendable {
    private enum Departure: Sendable {
        case due
        case underWay([CheckedContinuation<Void, Never>])
    }

    private struct Custody: Sendable {
        var holds: [Digest: Int] = [:]
        /// Layers without a record whose files are still there.
        var leaving: [Digest: Departure] = [:]
    }

    private let state: StateDatabase
    private let store: LayerStore
    private let logger: Logger
    private let custody = Mutex(Custody())

    init(state: StateDatabase, store: LayerStore, logger: Logger) {
        self.state = state
        self.store = store
        self.logger = logger
    }

    /// Keeps `layers` until `release`, whether or not they are there yet.
    func hold(_ layers: Set<Digest>) {
        custody.withLock { custody in
            for layer in layers { custody.holds[layer, default: 0] += 1 }
        }
    }

    /// Ends one hold of each; what nobody needs any more goes.
    func release(_ layers: Set<Digest>) async throws {
        custody.withLock { custody in
            for layer in layers {
                let count = custody.holds[layer, default: 1]
                custody.holds[layer] = count > 1 ? count - 1 : nil
            }
        }
        await clear(try forget { try state.removeUnreferencedLayers(keeping: $0) })
    }

    /// Keeps the layers of `image` while `body` runs; on any failure what it began is gone again.
    ///
    /// The outcome is the body's in any case: what cannot be forgotten now goes with the next release.
    /// - Throws: what `body` throws.
    func holding<Answer>(_ image: ResolvedManifest, _ body: () async throws -> Answer) async throws -> Answer {
        let layers = Set(image.manifest.layers.map(\.digest))
        hold(layers)
        await clear(Array(layers))
        let outcome: Result<Answer, any Error>
        do { outcome = .success(try await body()) } catch { outcome = .failure(error) }
        do { try await release(layers) } catch {
            logger.error(
                "layers of a pull not released", metadata: ["image": "\(image.reference)", "error": "\(error)"])
        }
        return try outcome.get()
    }

    /// Forgets an image. Its transfers stop at once; layers that others need stay.
    func remove(image id: Digest) async throws {
        await clear(try forget { try state.removeImage(id, keeping: $0) })
    }

    /// Forgets a mount and what only it needed.
    func remove(mount id: String) async throws {
        await clear(try forget { try state.removeMount(id, keeping: $0) })
    }

    /// Forgets a snapshot and what only it needed. Waits for no file and no transfer: those go with `clear`.
    func remove(snapshot name: String) throws -> RemovedSnapshot {
        try forget({ try state.removeSnapshot(name, keeping: $0) }, \.layers)
    }

    /// Takes layers off the list for image stores, but those that a pull under way needs. The files of those that only the list kept go with
    /// `clear`, once clients see the new list.
    func unlist(_ ids: Set<Digest>) throws {
        _ = try forget { try state.unlist(ids, keeping: $0) }
    }

    /// Layers that nothing needs. There are none unless something went wrong: whatever ends a need takes them along.
    func unneeded() throws -> [LayerRecord] {
        try custody.withLock { try state.unreferencedLayers(keeping: Set($0.holds.keys)) }
    }

    /// Directories of layers that are on their way out.
    var leavingNames: [String] { custody.withLock { $0.leaving.keys.map(\.hex) } }

    /// Takes away `unneeded` layers, and files of others that were forgotten.
    func collect() async throws {
        await clear(try forget { try state.removeUnreferencedLayers(keeping: $0) })
        await clear()
    }

    /// Takes away the files of all layers that were forgotten.
    func clear() async { await clear(custody.withLock { Array($0.leaving.keys) }) }

    private func forget(_ removal: (Set<Digest>) throws -> [LayerRecord]) throws -> [Digest] {
        try forget(removal, \.self).map(\.digest)
    }

    /// No hold can begin between the decision that nobody needs a layer and the note that its files are to go.
    private func forget<Removed: Sendable>(
        _ removal: (Set<Digest>) throws -> Removed, _ layers: (Removed) -> [LayerRecord]
    ) throws -> Removed {
        try custody.withLock { custody in
            let removed = try removal(Set(custody.holds.keys))
            for layer in layers(removed) where custody.leaving[layer.digest] == nil {
                custody.leaving[layer.digest] = .due
            }
            return removed
        }
    }

    /// Returns when no files are left of those of `layers` that were forgotten, whoever takes them away.
    private func clear(_ layers: [Digest]) async {
        for layer in layers {
            let isMine = custody.withLock { custody in
                guard case .due = custody.leaving[layer] else { return false }
                custody.leaving[layer] = .underWay([])
                return true
            }
            if isMine {
                await store.remove(layer)
                let departure = custody.withLock { $0.leaving.removeValue(forKey: layer) }
                if case .underWay(let waiting) = departure { for continuation in waiting { continuation.resume() } }
            } else {
                await departure(of: layer)
            }
        }
    }

    private func departure(of layer: Digest) async {
        await withCheckedContinuation { continuation in
            let waits = custody.withLock { custody in
                guard case .underWay(let waiting) = custody.leaving[layer] else { return false }
                custody.leaving[layer] = .underWay(waiting + [continuation])
                return true
            }
            if !waits { continuation.resume() }
        }
    }
}
