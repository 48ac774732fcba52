internal import Linux
internal import Logging
package import OCI
internal import Synchronization

extension LayerStore {
    /// What can leave the cache.
    package struct Evictable: Sendable, Equatable {
        /// Bytes of content.
        package var bytes: Int64 = 0
        package var segments = 0
        package var layers = 0

        package init() {}
    }

    /// Gives up segments, the least recently used first, until about `bytes` are free or nothing more may go.
    ///
    /// Stays: what somebody waits for or just read, layers in `pinned`, layers that are being completed or that the kernel reads past us, and
    /// layers whose source does not show that it would give the bytes again.
    /// - Returns: bytes of content that left.
    package func evict(_ bytes: Int64, except pinned: Set<Digest> = []) async -> Int64 {
        var freed: Int64 = 0
        var fixed = pinned
        while freed < bytes, !Task.isCancelled {
            let (layers, plan) = await planEviction(bytes - freed, &fixed)
            var progress: Int64 = 0
            let before = fixed.count
            for (index, segments) in plan.segments.sorted(by: { $0.key < $1.key }) {
                progress += await evict(segments, from: layers[index], &fixed)
            }
            if progress == 0, fixed.count == before { break }
            freed += progress
        }
        return freed
    }

    /// What `evict` would give up now; changes nothing, though sources may be asked.
    package func evictable(_ bytes: Int64, except pinned: Set<Digest> = []) async -> Evictable {
        var fixed = pinned
        let (_, plan) = await planEviction(bytes, &fixed)
        var evictable = Evictable()
        evictable.bytes = plan.bytes
        evictable.segments = plan.segments.values.reduce(0) { $0 + $1.count }
        evictable.layers = plan.segments.count
        return evictable
    }

    /// Bytes that may be written before less is free on the volume than what is reserved; negative if that is so now.
    package func room() throws -> Int64 {
        let place = try Path.exists(directory) ? directory : Path.parent(of: directory)
        return try parts.adjusted.reserve.room(above: place)
    }

    /// Allows background fills, or stops them between two requests.
    package func allowFill(_ isAllowed: Bool) { parts.fillGate.set(open: isAllowed) }

    package var allowsFill: Bool { parts.fillGate.isOpen }

    /// Set from a write that failed for want of space to the next that does not.
    package var fullDisk: FullDisk? { parts.diskFull }

    /// There is space again, though nothing was written yet.
    package func forgetFullDisk() { parts.forgetFullDisk() }

    /// - Parameter fixed: layers that stay; those whose source refuses are added.
    private func planEviction(_ bytes: Int64, _ fixed: inout Set<Digest>) async -> ([Layer], EvictionPlan) {
        var asksAll = false
        while true {
            let known = state.withLock { Array($0.layers.values) }
            let layers = known.filter { !fixed.contains($0.description.blob) }
                .sorted { $0.description.slot < $1.description.slot }
            let (limit, isTooEarly) = parts.tick.subtractingReportingOverflow(parts.options.evictionGrace)
            let candidates =
                isTooEarly
                ? [] : layers.enumerated().flatMap { $1.evictionCandidates($0, usedUntil: limit) }
            let plan = EvictionPlan(freeing: bytes, among: candidates)
            let asked = asksAll ? Set(candidates.map(\.layer)) : Set(plan.segments.keys)
            let refused = await refusals(among: asked.map { layers[$0] })
            if refused.isEmpty { return (layers, plan) }
            fixed.formUnion(refused)
            // Where one is silent others may be, and each takes its time to show that.
            asksAll = true
        }
    }

    private static let questionsAtOnce = 16

    private func refusals(among layers: [Layer]) async -> Set<Digest> {
        await withTaskGroup(of: Digest?.self) { group in
            var refused: Set<Digest> = []
            for (started, layer) in layers.enumerated() {
                if started >= Self.questionsAtOnce, let answer = await group.next() ?? nil { refused.insert(answer) }
                group.addTask { await layer.isRefetchable() ? nil : layer.description.blob }
            }
            for await answer in group { if let answer { refused.insert(answer) } }
            return refused
        }
    }

    private func evict(_ segments: [Int], from layer: Layer, _ fixed: inout Set<Digest>) async -> Int64 {
        let blob = layer.description.blob
        do {
            let bytes = try await BlockingThread.run("imagelet-evict") { try layer.evict(segments) }
            if bytes > 0 { parts.report(.evicted(blob, bytes)) } else { fixed.insert(blob) }
            return bytes
        } catch {
            fixed.insert(blob)
            parts.logger.warning(
                "layer not evicted", metadata: ["layer.digest": "\(blob)", "reason": "\(error)"])
            return 0
        }
    }
}
