package import Layers
package import OCI
package import Policy
internal import Synchronization

/// How far a pull has come. Each value is the whole state.
package struct PullProgress: Sendable {
    package enum Phase: String, Sendable {
        case resolving, deciding, fetching, done, failed
    }

    package var phase: Phase
    package var imageID: String?
    package var decision: Decision?
    package var layers: [LayerStatus]
}

/// How much of a layer is on this node.
package struct LayerStatus: Sendable {
    package var digest: Digest
    /// 0 while it cannot be read yet.
    package var slot: UInt32
    package var progress: LayerProgress
}

/// The pulls of this moment, by the normalised name they were asked for by.
final class ProgressBoard: Sendable {
    /// One pull as its watchers see it.
    final class Entry: Sendable {
        private struct State {
            var phase = PullProgress.Phase.resolving
            var imageID: String?
            var decision: Decision?
            var layers: [Digest] = []
        }

        private let state = Mutex(State())
        /// Pulls of the same name that find each other share it.
        let began = ContinuousClock.now

        func decide() { state.withLock { $0.phase = .deciding } }

        func fetch(_ decision: Decision, imageID: String, layers: [Digest]) {
            state.withLock {
                $0.phase = .fetching
                $0.decision = decision
                $0.imageID = imageID
                $0.layers = layers
            }
        }

        func end(failed: Bool) { state.withLock { $0.phase = failed ? .failed : .done } }

        func progress(_ status: (Digest) -> LayerStatus?) -> PullProgress {
            let now = state.withLock { $0 }
            return PullProgress(
                phase: now.phase, imageID: now.imageID, decision: now.decision, layers: now.layers.compactMap(status))
        }
    }

    private struct Listed {
        var entry: Entry
        /// Pulls under this name; one finding the other shares its entry.
        var pulls: Int
    }

    private let entries = Mutex<[String: Listed]>([:])

    /// Shows `body` to watchers of `name` while it runs.
    func following<Answer>(_ name: Reference, _ body: (Entry) async throws -> Answer) async throws -> Answer {
        let entry = begin(name.description)
        do {
            let answer = try await body(entry)
            end(name.description, entry, failed: false)
            return answer
        } catch {
            end(name.description, entry, failed: true)
            throw error
        }
    }

    private func begin(_ name: String) -> Entry {
        entries.withLock { entries in
            var listed = entries[name] ?? Listed(entry: Entry(), pulls: 0)
            listed.pulls += 1
            entries[name] = listed
            return listed.entry
        }
    }

    /// Ends one pull; the entry ends with the last of them.
    private func end(_ name: String, _ entry: Entry, failed: Bool) {
        entries.withLock { entries in
            guard var listed = entries[name], listed.entry === entry else { return }
            listed.pulls -= 1
            entries[name] = listed.pulls > 0 ? listed : nil
            if listed.pulls == 0 { entry.end(failed: failed) }
        }
    }

    /// Five values a second while there is a pull of `image`, and a last one when it has ended; waits for one to begin.
    func watch(
        _ image: String, status: @escaping @Sendable (Digest) -> LayerStatus?
    ) -> AsyncStream<PullProgress> {
        let name = (try? Reference(image).withDefaultTag.description) ?? image
        return AsyncStream(bufferingPolicy: .bufferingNewest(1)) { continuation in
            let task = Task {
                var entry: Entry?
                while !Task.isCancelled {
                    entry = entry ?? self.entries.withLock { $0[name]?.entry }
                    if let progress = entry?.progress(status) {
                        continuation.yield(progress)
                        if progress.phase == .done || progress.phase == .failed { break }
                    }
                    try? await Task.sleep(for: .milliseconds(200))
                }
                continuation.finish()
            }
            continuation.onTermination = { _ in task.cancel() }
        }
    }
}
