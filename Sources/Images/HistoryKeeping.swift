package import History
internal import LayerFormat
package import Layers
package import Logging
package import OCI
internal import State

extension Chronicle: LayerObserver {
    package func fetched(_ range: Range<Int64>, of blob: Digest, for priority: TransferPriority) {
        let cause: FetchCause =
            switch priority {
            case .demand: .reader
            case .readAhead: .readAhead
            case .prefetch: .pull
            case .background: .fill
            }
        fetched(range, of: blob, for: cause)
    }
}

/// Looks for what nobody tells the history of pulls, and keeps it over restarts: behind the work, never in its way.
package struct HistoryKeeping: Sendable {
    private let storage: ImageStorage
    private let logger: Logger
    private let interval: Duration

    /// - Parameter interval: of its looks at what is due.
    package init(storage: ImageStorage, logger: Logger, interval: Duration = .seconds(1)) {
        self.storage = storage
        self.logger = logger
        self.interval = interval
    }

    /// Takes over what an earlier process kept. Whatever cannot be read is no reason not to serve.
    package func restore() {
        do {
            storage.history.restore(
                try storage.state.history().compactMap { kept in
                    HistoryDocument.Kind(rawValue: kept.kind).map {
                        HistoryDocument(name: .init(kind: $0, id: kept.id), bytes: kept.document)
                    }
                })
        } catch {
            logger.warning("history of pulls not read", metadata: ["error": "\(error)"])
        }
    }

    /// Until cancelled; then what is left is written.
    package func run() async {
        while (try? await Task.sleep(for: interval)) != nil {
            storage.look(storage.history.dueForLook())
            write(all: false)
        }
        write(all: true)
    }

    private func write(all: Bool) {
        storage.nameFiles()
        let changes = storage.history.changes(all: all)
        guard !changes.isEmpty else { return }
        do {
            try storage.state.keep(
                changes.documents.map {
                    KeptHistory(kind: $0.name.kind.rawValue, id: $0.name.id, document: $0.bytes)
                }, forgetting: changes.forgotten.map { ($0.kind.rawValue, $0.id) })
        } catch {
            // A full disk passes; what is told meanwhile is in memory.
            storage.history.lost(changes)
            logger.debug("history of pulls not written", metadata: ["error": "\(error)"])
        }
    }
}

extension ImageStorage {
    /// Looks at layers for what was read of them. Layers that the kernel reads past us show nothing.
    func look(_ subjects: [Chronicle.Subject]) {
        for subject in subjects {
            guard let layer = store.layer(subject.layer), layer.isReadable else { continue }
            history.looked(subject, isRead: layer.survey(parts: subject.cells).map(\.isRead))
        }
    }

    /// Finds the names of files that readers waited for.
    func nameFiles() {
        for (digest, nodes) in history.unnamed {
            guard let layer = store.layer(digest), layer.isReadable, let tree = try? layer.tree(isKept: false) else {
                continue
            }
            history.name(tree.paths(of: nodes), in: digest)
        }
    }
}
