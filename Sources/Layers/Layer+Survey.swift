internal import LayerFormat
internal import Synchronization

/// How one part of a blob stands.
package struct BlobSurvey: Sendable, Equatable {
    /// Bytes of content that segments beginning in it have, and how many of them are here: on the disk, if only to be checked before use.
    package var content: Int64 = 0
    package var present: Int64 = 0
    /// Bytes of the blob that belong to segments that are not here, and how many these are.
    package var missing: Int64 = 0
    package var missingSegments = 0
    /// Whether something of them was read since the store began, to about a MiB of content (`UseStamps`).
    package var isRead = false
}

extension Layer {
    /// Looks at all segments, shared out to `parts` of equal length by where they begin in the blob; a part in which none begins is as the
    /// one before. Costs readers nothing.
    package func survey(parts count: Int) -> [BlobSurvey] {
        let count = max(1, count)
        let states = state.withLock(\.segments.states)
        let length = max(1, (description.blobSize + Int64(count) - 1) / Int64(count))
        // Uses before the store began are no reads of this layer as it is here.
        let ignored = max(unreadTick.load(ordering: .relaxed), StoreParts.firstTick - 1)
        var survey = [BlobSurvey](repeating: BlobSurvey(), count: count)
        var last = -1
        for number in states.indices {
            let segment = table.segment(number)
            guard !segment.content.isEmpty else { continue }
            let part = min(count - 1, Int(segment.compressed.lowerBound / length))
            survey[part].content += segment.content.upperBound - segment.content.lowerBound
            if states[number] == .present || states[number] == .held || states[number] == .unchecked {
                survey[part].present += segment.content.upperBound - segment.content.lowerBound
            } else {
                survey[part].missingSegments += 1
                survey[part].missing += segment.compressed.upperBound - segment.compressed.lowerBound
            }
            if uses.latest(of: segment.content) > ignored { survey[part].isRead = true }
            // What lies between belongs to the segment before.
            if last >= 0, last + 1 < part {
                for empty in last + 1..<part { survey[empty].isRead = survey[last].isRead }
            }
            last = part
        }
        if last >= 0 { for empty in last + 1..<count { survey[empty].isRead = survey[last].isRead } }
        return survey
    }
}
