internal import LayerFormat
internal import Linux
internal import Logging
internal import OCI
internal import Synchronization

extension Layer {
    /// Runs `body`, which reads the tar, again until nothing was evicted meanwhile: what it read is no hole then.
    ///
    /// An eviction takes segments out of use first, then counts, then punches. So a body that found a segment in use and read a hole
    /// finds another count behind it; that costs a reader two loads where a lock or a pin would cost writes to shared memory.
    func undisturbed<Result, Failure: Error>(_ body: () throws(Failure) -> Result) throws(Failure) -> Result {
        while true {
            let before = evictions.load(ordering: .acquiring)
            let result = try body()
            atomicMemoryFence(ordering: .acquiring)
            if evictions.load(ordering: .relaxed) == before { return result }
        }
    }

    /// What could be evicted: segments that were not used behind the tick `limit`.
    /// - Parameter index: what the plan calls this layer.
    func evictionCandidates(_ index: Int, usedUntil limit: UInt32) -> [EvictionPlan.Candidate] {
        // Looked at without the lock: that may take long, and is checked again when it counts.
        let segments = state.withLock { mayBeEvicted($0) && !isRefusedToUs($0) ? $0.segments : nil }
        guard let segments else { return [] }
        return segments.states.indices.compactMap { number in
            guard segments.isEvictable(number) else { return nil }
            let content = table.segment(number).content
            guard !content.isEmpty else { return nil }
            let stamp = uses.latest(of: content)
            guard stamp <= limit else { return nil }
            return EvictionPlan.Candidate(
                layer: index, segment: number, bytes: content.upperBound - content.lowerBound, stamp: stamp)
        }
    }

    /// Gives up those of `segments` that nobody waits for: on record first, then on the disk. Waits for the disk.
    /// - Returns: bytes of content that left.
    /// - Throws: `LinuxError`, with the rest of them present as before.
    func evict(_ segments: [Int]) throws -> Int64 {
        guard askBack() else { return 0 }
        // A file system without holes would keep what we give up, so this is asked of the byte behind the last.
        let end = try files.tar.size()
        try files.tar.punchHole(end..<end + 1)
        if state.withLock({ isWhole.load(ordering: .relaxed) && !$0.isRecorded }) { try record(isWhole: true) }
        var whole: (isVerified: Bool, wasWhole: Bool) = (false, false)
        let eviction = state.withLock { state -> SegmentStates.Eviction? in
            guard mayBeEvicted(state), !state.isLent, state.isRecorded || !isWhole.load(ordering: .relaxed),
                let eviction = state.segments.beginEviction(segments)
            else { return nil }
            whole = (state.isVerified, isWhole.load(ordering: .relaxed))
            isWhole.store(false, ordering: .releasing)
            (state.isVerified, state.isRecorded) = (false, false)
            evictions.add(1, ordering: .sequentiallyConsistent)
            atomicMemoryFence(ordering: .sequentiallyConsistent)
            return eviction
        }
        guard let eviction else { return 0 }
        var left: [Int] = []
        defer {
            let gone = Set(left)
            state.withLock { state in
                for number in gone { state.checksums[number] = nil }
                let kept = Set(eviction.states.keys).subtracting(gone)
                state.end(state.segments.endEviction(eviction, keeping: kept), .again)
                guard gone.isEmpty, whole.wasWhole, case .open = state.condition else { return }
                (state.isVerified, state.isRecorded) = (whole.isVerified, true)
                isWhole.store(true, ordering: .releasing)
            }
        }
        left = try strikeOut(eviction.states.keys.sorted())
        for hole in holes(left) { try files.tar.punchHole(hole) }
        return left.reduce(0) { $0 + Int64(table.segment($1).content.count) }
    }

    private func mayBeEvicted(_ state: LayerState) -> Bool {
        guard case .open = state.condition else { return false }
        return state.completion == nil && state.completers == 0 && state.recordings == 0
            && !state.segments.checksAsWhole
    }

    /// A tar that is read past us is asked back no more often than this, in ticks: each time, its mount goes for those who come later.
    private static let recallPause: UInt32 = 300

    private func isRefusedToUs(_ state: LayerState) -> Bool {
        guard state.isLent, let tick = state.recallRefusal else { return false }
        return parts.tick &- tick < Self.recallPause
    }

    /// - Returns: false if the tar is still read past us, where a hole would be content.
    private func askBack() -> Bool {
        guard isLent else { return true }
        let isOurs = recall()
        let tick = parts.tick
        state.withLock { $0.recallRefusal = isOurs ? nil : tick }
        return isOurs
    }

    /// Notes on the disk, before any hole is there, that the segments are not: a later `synced` or `complete` would vouch for them.
    /// - Returns: those that were noted: on a full disk perhaps only as many as the journal's last block takes.
    private func strikeOut(_ segments: [Int]) throws(LinuxError) -> [Int] {
        var noted = segments
        while true {
            do throws(LinuxError) {
                try journal.append(noted.map { .dropped(number: $0) })
                break
            } catch let error where error.isDiskFull && noted.count > 1 {
                noted = Array(noted.prefix(noted.count / 2))
            }
        }
        try journal.sync()
        return noted
    }

    /// Content of neighbours as one range: the block they share is freed, too.
    func holes(_ segments: [Int]) -> [Range<Int64>] {
        segments.reduce(into: [Range<Int64>]()) { holes, number in
            let content = table.segment(number).content
            if let last = holes.last, last.upperBound == content.lowerBound {
                holes[holes.count - 1] = last.lowerBound..<content.upperBound
            } else {
                holes.append(content)
            }
        }
    }
}
