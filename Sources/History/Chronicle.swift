internal import FoundationEssentials
package import OCI
internal import Synchronization

/// The last pulls and starts of this node, while they happen. Whoever sees something tells it; nothing here waits for a disk.
package final class Chronicle: Sendable {
    /// A start and its clock.
    struct Running: Sendable {
        var record: StartRecord
        /// When it began, by a clock that nobody sets.
        var origin: ContinuousClock.Instant
        /// Whether something is not kept yet.
        var isNews = true
        var lastLook: ContinuousClock.Instant
        var lastKept: ContinuousClock.Instant

        func moment(_ instant: ContinuousClock.Instant) -> Moment { Moment(instant - origin) }
    }

    /// A pull and its clock.
    struct Told: Sendable {
        var record: PullRecord
        var origin: ContinuousClock.Instant
        var isNews = true
    }

    struct State: Sendable {
        /// Each in the order of ids.
        var pulls: [Told] = []
        var starts: [Running] = []
        var lastID: Int64 = 0
        /// Starts that something of a layer is told to, by position.
        var startsOfLayer: [Digest: [Int]] = [:]
        /// Kept once, and forgotten since.
        var forgotten: [HistoryDocument.Name] = []

        mutating func nextID() -> Int64 {
            lastID += 1
            return lastID
        }
    }

    let state = Mutex(State())

    package init() {}

    /// All that is remembered, the newest pull first.
    package var pulls: [PullRecord] { state.withLock { $0.pulls.reversed().map(\.record) } }

    package func start(_ id: Int64) -> StartRecord? {
        state.withLock { $0.starts.first { $0.record.id == id }?.record }
    }

    /// Somebody asked for an image.
    /// - Parameter image: normalised name.
    package func asked(_ image: String, by pod: Pod?) -> PullTelling {
        let id = state.withLock { state in
            let id = state.nextID()
            state.pulls.append(
                Told(record: PullRecord(id: id, image: image, pod: pod, asked: WallTime()), origin: .now))
            state.bound()
            return id
        }
        return PullTelling(chronicle: self, id: id)
    }

    /// Bytes of a blob came from its source, now.
    package func fetched(_ range: Range<Int64>, of layer: Digest, for cause: FetchCause) {
        tell(layer) { start, moment in
            guard let index = start.record.layers.firstIndex(where: { $0.digest == layer }) else { return }
            start.record.layers[index].noteFetch(range, for: cause, at: moment)
            start.record.timeline.noteFetch(Int64(range.count), for: cause, at: moment)
            start.isNews = true
        }
    }

    /// A reader waited for bytes of a file.
    /// - Parameters:
    ///   - node: the file's number in the layer's tree.
    ///   - offset: where in the file the read began.
    ///   - failed: whether the read failed in the end.
    package func waited(
        _ layer: Digest, node: UInt32, offset: Int64, from: ContinuousClock.Instant, to: ContinuousClock.Instant,
        failed: Bool
    ) {
        tell(layer) { start, _ in
            let wait = Wait(from: start.moment(from), to: start.moment(to), offset: offset, failed: failed)
            start.record.waits.note(wait, layer: layer, node: node)
            start.record.timeline.noteWait(from: wait.from, to: wait.to)
            start.record.firstRead = min(start.record.firstRead ?? wait.from, wait.from)
            start.isNews = true
        }
    }

    /// All of a layer is here.
    package func arrived(_ layer: Digest) {
        tell(layer) { start, moment in
            if start.record.noteArrival(of: layer, at: moment) { start.isNews = true }
        }
    }

    private func tell(_ layer: Digest, _ body: (inout Running, Moment) -> Void) {
        let now = ContinuousClock.now
        state.withLock { state in
            for index in state.startsOfLayer[layer] ?? [] {
                body(&state.starts[index], state.starts[index].moment(now))
            }
        }
    }
}

extension Chronicle.State {
    /// Of several starts of one image only the last is told anything.
    mutating func reindex() {
        startsOfLayer = [:]
        var seen: Set<Digest> = []
        for index in starts.indices.reversed() where seen.insert(starts[index].record.manifest).inserted {
            for layer in starts[index].record.layers { startsOfLayer[layer.digest, default: []].append(index) }
        }
    }

    mutating func enter(_ start: Chronicle.Running) {
        starts.append(start)
        bound()
        reindex()
    }

    /// The oldest go.
    mutating func bound() {
        while pulls.count > Limits.pulls {
            forgotten.append(.init(kind: .pull, id: pulls.removeFirst().record.id))
        }
        while starts.count > Limits.starts {
            forgotten.append(.init(kind: .start, id: starts.removeFirst().record.id))
        }
    }
}
