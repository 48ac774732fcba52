internal import LayerFormat

extension SegmentStates {
    /// Somebody waits for `segments`: joins what is on its way, and starts the rest as few requests of at most `maxBytes` compressed.
    mutating func want(
        _ segments: Range<Int>, _ priority: TransferPriority, maxBytes: Int64
    ) -> (id: WantID, actions: [Action]) {
        let id = nextID()
        wants[id] = Want(segments: segments, priority: priority)
        return (id, plan(segments, priority, kept: nil, maxBytes: maxBytes))
    }

    /// Like `want`, for somebody who does not wait.
    mutating func ask(_ segments: Range<Int>, _ priority: TransferPriority, maxBytes: Int64) -> [Action] {
        plan(segments, priority, kept: priority, maxBytes: maxBytes)
    }

    /// Nobody waits by this want any more. What was asked for only by it is cancelled.
    mutating func drop(_ id: WantID) -> [Action] {
        guard let want = wants.removeValue(forKey: id) else { return [] }
        var actions: [Action] = []
        for request in requestsTouching(want.segments) {
            guard let entry = requests[request], !entry.isCancelled else { continue }
            let others = wants.values.filter { touches($0.segments, request) }.map(\.priority)
            guard let priority = (others + [entry.kept].compactMap(\.self)).min() else {
                requests[request]?.isCancelled = true
                actions.append(.cancel(request))
                continue
            }
            if priority != entry.priority {
                requests[request]?.priority = priority
                actions.append(.prioritize(request, priority))
            }
        }
        return actions
    }

    /// Changes whenever the want gets nearer to its end.
    func stamp(of id: WantID) -> Int64? {
        guard let want = wants[id] else { return nil }
        let received = requestsTouching(want.segments).reduce(Int64(0)) { $0 + (requests[$1]?.received ?? 0) }
        // Far apart, so that a segment's arrival cannot be taken back by its request's end.
        return received + Int64(want.segments.count(where: isReadable)) << 48
    }

    private mutating func plan(
        _ segments: Range<Int>, _ priority: TransferPriority, kept: TransferPriority?, maxBytes: Int64
    ) -> [Action] {
        var actions: [Action] = []
        for request in requestsTouching(segments) {
            guard let entry = requests[request], !entry.isCancelled else { continue }
            if let kept { requests[request]?.kept = min(entry.kept ?? kept, kept) }
            if priority < entry.priority {
                requests[request]?.priority = priority
                actions.append(.prioritize(request, priority))
            }
        }
        var number = segments.lowerBound
        while number < segments.upperBound {
            let run: (kind: Request.Kind, segments: Range<Int>)? =
                switch states[number] {
                case .absent: (.fetch, absentRun(from: number, limit: segments.upperBound, maxBytes: maxBytes))
                case .unchecked: (.check, uncheckedRun(from: number, limit: segments.upperBound))
                case .inFlight, .held, .present: nil
                }
            guard let run else {
                number += 1
                continue
            }
            let id = nextID()
            requests[id] = Request(kind: run.kind, segments: run.segments, kept: kept, priority: priority)
            for owned in run.segments where states[owned] == .absent || states[owned] == .unchecked {
                set(owned, .inFlight)
                owners[owned] = id
            }
            actions.append(.start(id, run.kind, priority))
            number = max(number + 1, run.segments.upperBound)
        }
        return actions
    }

    /// As many absent segments as one transfer may bring; segments without content may lie between.
    private func absentRun(from first: Int, limit: Int, maxBytes: Int64) -> Range<Int> {
        let start = layer.segment(first).compressed.lowerBound
        var end = first + 1
        var candidate = first + 1
        while candidate < limit, follows(candidate) {
            let segment = layer.segment(candidate)
            guard segment.compressed.upperBound - start <= maxBytes else { break }
            candidate += 1
            if segment.content.isEmpty { continue }
            guard states[candidate - 1] == .absent else { break }
            end = candidate
        }
        return first..<end
    }

    private func uncheckedRun(from first: Int, limit: Int) -> Range<Int> {
        if checksAsWhole { return 0..<states.count }
        return first..<((first..<limit).first { states[$0] != .unchecked } ?? limit)
    }

    /// Whether the compressed bytes of `number` begin where its predecessor's end, or with their last byte (soci.md 2.3).
    func follows(_ number: Int) -> Bool {
        let overlap = layer.segment(number - 1).compressed.upperBound - layer.segment(number).compressed.lowerBound
        return overlap == 0 || overlap == 1
    }

    func requestsTouching(_ segments: Range<Int>) -> [RequestID] {
        guard !owners.isEmpty else { return [] }
        var found: [RequestID] = []
        for number in segments {
            if let owner = owners[number], found.last != owner, !found.contains(owner) { found.append(owner) }
        }
        return found
    }

    func touches(_ segments: Range<Int>, _ request: RequestID) -> Bool {
        segments.contains { owners[$0] == request }
    }
}
