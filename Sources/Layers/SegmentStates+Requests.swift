internal import LayerFormat

extension SegmentStates {
    /// A request gets its turn. It takes over neighbouring ones that still wait for theirs and are as urgent, up to `maxBytes`.
    /// - Returns: the segments to bring, and the requests taken over; nil if nobody wants it any more.
    mutating func begin(_ id: RequestID, maxBytes: Int64) -> (segments: Range<Int>, absorbed: [RequestID])? {
        guard var request = requests[id], !request.isCancelled else { return nil }
        var absorbed: [RequestID] = []
        while let neighbour = mergeable(request, maxBytes: maxBytes),
            let other = requests.removeValue(forKey: neighbour)
        {
            for number in other.segments where owners[number] == neighbour { owners[number] = id }
            let lower = min(request.segments.lowerBound, other.segments.lowerBound)
            request.segments = lower..<max(request.segments.upperBound, other.segments.upperBound)
            request.kept = [request.kept, other.kept].compactMap(\.self).min()
            absorbed.append(neighbour)
        }
        request.hasBegun = true
        requests[id] = request
        return (request.segments, absorbed)
    }

    private func mergeable(_ request: Request, maxBytes: Int64) -> RequestID? {
        guard request.kind == .fetch else { return nil }
        let segments = request.segments
        for neighbour in [segments.lowerBound - 1, segments.upperBound] where states.indices.contains(neighbour) {
            guard let id = owners[neighbour], let other = requests[id], other.kind == .fetch, !other.hasBegun,
                !other.isCancelled, other.priority <= request.priority,
                follows(neighbour < segments.lowerBound ? segments.lowerBound : neighbour)
            else { continue }
            let lower = layer.segment(min(segments.lowerBound, other.segments.lowerBound)).compressed.lowerBound
            let upper = layer.segment(max(segments.upperBound, other.segments.upperBound) - 1).compressed.upperBound
            if upper - lower <= maxBytes { return id }
        }
        return nil
    }

    mutating func received(_ bytes: Int, by id: RequestID) { requests[id]?.received += Int64(bytes) }

    /// A segment is here and verified.
    /// - Returns: the wants that have all they wait for; they are gone.
    mutating func arrived(_ number: Int, held: Bool = false) -> [WantID] {
        set(number, held ? .held : .present)
        return take(wants { $0.contains(number) && areReadable($0) })
    }

    /// A request is over; what it did not bring is absent again.
    /// - Returns: the wants that waited for that; they are gone.
    mutating func ended(_ id: RequestID) -> [WantID] {
        guard let request = requests.removeValue(forKey: id) else { return [] }
        var lost: Set<Int> = []
        for number in request.segments where owners[number] == id {
            set(number, .absent)
            lost.insert(number)
        }
        if request.kind == .check { checksAsWhole = false }
        guard !lost.isEmpty else { return [] }
        return take(wants { segments in segments.contains { lost.contains($0) } })
    }

    /// Whether anybody waits for what this request still owes.
    func isWaitedFor(_ id: RequestID) -> Bool { wants.values.contains { touches($0.segments, id) } }

    /// The first run of segments this request still owes, at or behind `number`; ones without content may lie between.
    func owed(by id: RequestID, from number: Int) -> Range<Int>? {
        guard let segments = requests[id]?.segments,
            let first = segments.first(where: { $0 >= number && owners[$0] == id })
        else { return nil }
        var end = first + 1
        var candidate = end
        while candidate < segments.upperBound {
            let isOwed = owners[candidate] == id
            guard isOwed || layer.segment(candidate).content.isEmpty else { break }
            candidate += 1
            if isOwed { end = candidate }
        }
        return first..<end
    }

    func wants(where matches: (Range<Int>) -> Bool) -> [WantID] {
        wants.filter { matches($0.value.segments) }.keys.sorted()
    }

    mutating func take(_ ids: [WantID]) -> [WantID] {
        for id in ids { wants[id] = nil }
        return ids
    }
}
