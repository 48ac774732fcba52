package import OCI
internal import Synchronization

/// What one pull tells the chronicle as it goes on.
package struct PullTelling: Sendable {
    let chronicle: Chronicle
    let id: Int64

    /// What the name stands for.
    package func resolved(manifest: Digest, imageID: Digest, compressedSize: Int64) {
        change { pull, _ in
            (pull.manifest, pull.imageID, pull.compressedSize) = (manifest, imageID, compressedSize)
        }
    }

    /// - Parameter reasons: as `code: sentence`, the one that decided first.
    package func decided(_ strategy: String, reasons: [String], index: UsedIndex?) {
        change { pull, now in
            pull.strategy = strategy
            pull.reasons = reasons.prefix(16).map { Limits.cut($0) }
            pull.index = index ?? pull.index
            pull.decided = pull.decided ?? now
        }
    }

    /// Layers are about to be made readable: a new start, unless all of them are here and what became of them is known.
    package func starts(_ image: StartedImage) {
        chronicle.state.withLock { state in
            guard let index = state.pulls.firstIndex(where: { $0.record.id == id }) else { return }
            let known = state.starts.last { $0.record.manifest == image.manifest }
            if let known, image.layers.allSatisfy(\.isHere) {
                state.pulls[index].record.start = known.record.id
            } else {
                let pull = state.pulls[index]
                let start = StartRecord(id: state.nextID(), image: image, began: pull.record.asked)
                state.pulls[index].record.start = start.id
                state.enter(
                    Chronicle.Running(
                        record: start, origin: pull.origin, lastLook: pull.origin, lastKept: pull.origin))
            }
            state.pulls[index].isNews = true
        }
    }

    /// The runtime fetches by itself: what was begun here does not count.
    package func leftToRuntime() { change { pull, _ in pull.start = nil } }

    /// Every layer can be read.
    package func mounted() { change { pull, now in pull.mounted = now } }

    /// The work was another pull's: this one belongs to the same start.
    package func joined(_ strategy: String, reasons: [String], of manifest: Digest) {
        chronicle.state.withLock { state in
            guard let index = state.pulls.firstIndex(where: { $0.record.id == id }),
                state.pulls[index].record.decided == nil
            else { return }
            state.pulls[index].record.joined = true
            state.pulls[index].record.start = state.starts.last { $0.record.manifest == manifest }?.record.id
        }
        change { pull, now in
            guard pull.joined else { return }
            (pull.strategy, pull.reasons) = (strategy, reasons.prefix(16).map { Limits.cut($0) })
            pull.mounted = now
        }
    }

    /// Runs the pull, and tells how it ended.
    package func following<Answer>(_ body: () async throws -> Answer) async throws -> Answer {
        do {
            let answer = try await body()
            end(.done, nil)
            return answer
        } catch {
            if error is CancellationError { end(.interrupted, nil) } else { end(.failed, "\(error)") }
            throw error
        }
    }

    private func end(_ outcome: PullRecord.Outcome, _ failure: String?) {
        change { pull, now in
            (pull.outcome, pull.failure, pull.answered) = (outcome, failure.map { Limits.cut($0) }, now)
        }
    }

    private func change(_ body: (inout PullRecord, Moment) -> Void) {
        let now = ContinuousClock.now
        chronicle.state.withLock { state in
            guard let index = state.pulls.firstIndex(where: { $0.record.id == id }) else { return }
            body(&state.pulls[index].record, Moment(now - state.pulls[index].origin))
            state.pulls[index].isNews = true
        }
    }
}
