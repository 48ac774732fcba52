package import OCI
internal import Synchronization

/// What is found out by looking: reads that had not to wait, and names of files. Readers who wait tell nothing of either.
extension Chronicle {
    /// A layer that is to be looked at.
    package struct Subject: Sendable {
        package var start: Int64
        package var layer: Digest
        package var cells: Int

        package init(start: Int64, layer: Digest, cells: Int) {
            self.start = start
            self.layer = layer
            self.cells = cells
        }
    }

    /// What is to be looked at of one start.
    package static func subjects(of start: StartRecord) -> [Subject] {
        start.layers.map { Subject(start: start.id, layer: $0.digest, cells: $0.cells.count) }
    }

    /// Layers of the starts whose time has come: each second in the beginning, each minute in the end.
    package func dueForLook(now: ContinuousClock.Instant = .now) -> [Subject] {
        state.withLock { state in
            var subjects: [Subject] = []
            for index in Set(state.startsOfLayer.values.joined()).sorted() {
                let age = now - state.starts[index].origin
                guard now - state.starts[index].lastLook >= min(max(age / 20, .seconds(1)), .seconds(60)) else {
                    continue
                }
                state.starts[index].lastLook = now
                subjects += Self.subjects(of: state.starts[index].record)
            }
            return subjects
        }
    }

    /// - Parameter isRead: for each cell, whether something of it has been read.
    package func looked(_ subject: Subject, isRead: [Bool], now: ContinuousClock.Instant = .now) {
        state.withLock { state in
            guard let index = state.starts.firstIndex(where: { $0.record.id == subject.start }),
                let layer = state.starts[index].record.layers.firstIndex(where: { $0.digest == subject.layer })
            else { return }
            let moment = state.starts[index].moment(now)
            guard state.starts[index].record.layers[layer].noteReads(isRead, at: moment) else { return }
            state.starts[index].record.firstRead = min(state.starts[index].record.firstRead ?? moment, moment)
            state.starts[index].isNews = true
        }
    }

    /// Files that have no name yet, by layer.
    package var unnamed: [Digest: Set<UInt32>] {
        state.withLock { state in
            state.starts.reduce(into: [:]) { all, start in
                for (layer, nodes) in start.record.waits.unnamed { all[layer, default: []].formUnion(nodes) }
            }
        }
    }

    package func name(_ paths: [UInt32: String], in layer: Digest) {
        state.withLock { state in
            for index in state.starts.indices where state.starts[index].record.waits.name(paths, in: layer) {
                state.starts[index].isNews = true
            }
        }
    }
}
