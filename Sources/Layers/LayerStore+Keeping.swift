internal import Linux
internal import Logging
package import OCI
internal import Synchronization
internal import Telemetry

extension LayerStore {
    /// Changes options while the store works: `readTimeout`, `fills`, `fillQuietPeriod`, `maxTransfers` and `reserve` count from the next
    /// decision on, running transfers and waiting reads go on as they began. The others stay as the store was made.
    package func adjust(_ change: (inout LayerStoreOptions) -> Void) { parts.adjust(change) }

    /// Allows the background fill of the layer from now on. Without such a layer nothing happens.
    package func startFill(_ blob: Digest) {
        guard let layer = layer(blob) else { return }
        let breaker = Breaker()
        let isNew = layer.state.withLock { state in
            guard state.fill == nil else { return false }
            state.fill = breaker
            return true
        }
        guard isNew else { return }
        // Ends with the layer, its completion, or the store.
        parts.start { _ = try? await breaker.run { try await self.fill(layer) } }
    }

    private func fill(_ layer: Layer) async throws {
        while true {
            do {
                return try await layer.complete(.background, isGentle: true)
            } catch let error as LayerError where error.code == .poisoned || error.code == .removed {
                return
            } catch is CancellationError {
                throw CancellationError()
            } catch {
                let error = LayerError(describing: error, layer.description.blob)
                layer.state.withLock { $0.trouble = error.message }
                parts.logger.warning(
                    "background fill stalled; it tries again",
                    metadata: ["layer.digest": "\(layer.description.blob)", "reason": "\(error.message)"])
                parts.metrics.stalledFills.add()
                parts.report(.stalled(layer.description.blob, error.message))
                try await parts.options.clock.sleep(for: parts.options.fillRetryDelay)
                layer.dropHeld()
            }
        }
    }

    /// Forgets the layer, stops its transfers at once, and frees its bytes. Reads of it fail from here on.
    ///
    /// Cancelling the caller changes nothing: files that are still being made would be left behind.
    package func remove(_ blob: Digest) async { await Task { await removeNow(blob) }.value }

    private func removeNow(_ blob: Digest) async {
        let (layer, making) = state.withLock { state in
            let layer = state.layers.removeValue(forKey: blob)
            if let layer, state.slots[layer.description.slot] === layer { state.slots[layer.description.slot] = nil }
            return (layer, state.flights[blob])
        }
        if let making {
            making.flight.breaker.trip()
            _ = try? await making.flight.join()
            // It may have come to its end before.
            if state.withLock({ $0.layers[blob] != nil }) { return await removeNow(blob) }
        }
        await free(layer, path(blob))
    }

    /// Removes this very layer. Only for who is making another one in its place, which nobody else does meanwhile.
    func replace(_ layer: Layer) async {
        state.withLock { state in
            let description = layer.description
            if state.layers[description.blob] === layer { state.layers[description.blob] = nil }
            if state.slots[description.slot] === layer { state.slots[description.slot] = nil }
        }
        await free(layer, path(layer.description.blob))
    }

    private func free(_ layer: Layer?, _ directory: String) async {
        layer?.close(.removed)
        do {
            try await parts.bench.run(urgent: true) {
                layer?.freeBytes()
                try Directory.removeTree(directory)
            }
        } catch {
            parts.logger.warning(
                "layer's files not removed; the next start's sweep tries again",
                metadata: ["directory": "\(directory)", "reason": "\(error)"])
        }
    }

    /// Bytes on the disk and files of all layers.
    package func usage() -> (bytes: Int64, inodes: Int64) {
        let layers = state.withLock { Array($0.layers.values) }
        return (layers.reduce(0) { $0 + $1.allocatedBytes }, Int64(layers.count) * 4)
    }

    /// After the last work has ended.
    func stopped() async {
        let (layers, flights) = state.withLock { ($0.layers.values, $0.flights.values) }
        for making in flights {
            making.flight.settle(.failure(LayerError(.unavailable, "the layer store has stopped")))
        }
        await noteUses()
        for layer in layers {
            layer.stop()
            // Not on the cooperative pool; if no thread is to be had, checksums are compared after the restart.
            try? await parts.bench.run { layer.recordOrderlyStop() }
        }
    }
}

extension Layer {
    /// Bytes on the disk, the directory included. A file whose status cannot be had counts nothing.
    package var allocatedBytes: Int64 {
        ((try? files.tar.allocatedBytes()) ?? 0) + ((try? journal.allocatedBytes()) ?? 0)
            + ((try? files.tableOfContents.file.allocatedBytes()) ?? 0)
            + ((try? FileStatus(metadataImagePath).allocatedBytes) ?? 0) + 4096
    }

    /// Nothing more will be fetched: whoever waits asks again, and is told so.
    fileprivate func stop() {
        let completion = state.withLock { state in
            let wants = Array(state.segments.wants.keys)
            state.segments.wants = [:]
            state.end(wants, .again)
            return state.completion
        }
        completion?.settle(.failure(LayerError(.unavailable, "the layer store has stopped")))
    }

    /// Held segments are fetched again, to be written this time.
    fileprivate func dropHeld() {
        state.withLock { state in
            for number in state.segments.states.indices where state.segments.states[number] == .held {
                state.segments.set(number, .absent)
            }
        }
        parts.held.drop(layer: ObjectIdentifier(self))
    }
}
