internal import LayerFormat

extension SegmentStates {
    /// Segments that are being evicted, and what they were.
    struct Eviction: Sendable {
        let id: RequestID
        /// By number.
        let states: [Int: State]
    }

    /// Whether a segment lies on the disk and nothing is being done with it. One that can only be checked as part of the whole must stay.
    func isEvictable(_ number: Int) -> Bool {
        states[number] == .present || (states[number] == .unchecked && !checksAsWhole)
    }

    /// Takes those of `numbers` that are evictable out of use. Whoever wants one from here on waits for the eviction's end, and asks again:
    /// nothing is fetched into a place that is about to become a hole.
    /// - Returns: nil if there are none.
    mutating func beginEviction(_ numbers: [Int]) -> Eviction? {
        let wanted = wants.values.map(\.segments)
        let leaving = numbers.filter { number in
            isEvictable(number) && !layer.segment(number).content.isEmpty && !wanted.contains { $0.contains(number) }
        }
        guard let first = leaving.min(), let last = leaving.max() else { return nil }
        let id = nextID()
        // Kept: it goes on whoever loses interest.
        requests[id] = Request(kind: .evict, segments: first..<last + 1, kept: .background, priority: .background)
        let states = Dictionary(uniqueKeysWithValues: leaving.map { ($0, self.states[$0]) })
        for number in leaving {
            set(number, .inFlight)
            owners[number] = id
        }
        return Eviction(id: id, states: states)
    }

    /// The eviction is over.
    /// - Parameter kept: segments that are there after all.
    /// - Returns: the wants that waited for it; they are gone, and ask again.
    mutating func endEviction(_ eviction: Eviction, keeping kept: Set<Int> = []) -> [WantID] {
        for (number, state) in eviction.states where kept.contains(number) { set(number, state) }
        return ended(eviction.id) + take(wants { segments in kept.contains { segments.contains($0) } })
    }
}
