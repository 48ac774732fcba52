/// What differs between two texts, line by line.
struct LineDiff {
    private enum Line {
        case common(Substring)
        case removed(Substring)
        case added(Substring)

        var text: String {
            switch self {
            case .common(let text): " \(text)"
            case .removed(let text): "-\(text)"
            case .added(let text): "+\(text)"
            }
        }

        var isCommon: Bool { if case .common = self { true } else { false } }
    }

    private static let context = 3
    private var lines: [Line] = []

    init(_ before: String, _ after: String) {
        let (old, new) = (Self.lines(of: before), Self.lines(of: after))
        let difference = new.difference(from: old)
        let removed = Set(
            difference.removals.compactMap { if case .remove(let place, _, _) = $0 { place } else { nil } })
        let added = Set(
            difference.insertions.compactMap { if case .insert(let place, _, _) = $0 { place } else { nil } })
        var (left, right) = (0, 0)
        while left < old.count || right < new.count {
            if removed.contains(left) {
                lines.append(.removed(old[left]))
                left += 1
            } else if added.contains(right) {
                lines.append(.added(new[right]))
                right += 1
            } else {
                lines.append(.common(old[left]))
                left += 1
                right += 1
            }
        }
    }

    /// In the unified format: hunks with three lines around them; empty if nothing differs.
    func unified(from: String, to: String) -> String {
        let changed = lines.indices.filter { !lines[$0].isCommon }
        guard !changed.isEmpty else { return "" }
        var hunks: [Range<Int>] = []
        for place in changed {
            let around = max(place - Self.context, 0)..<min(place + Self.context + 1, lines.count)
            if let last = hunks.last, around.lowerBound <= last.upperBound {
                hunks[hunks.count - 1] = last.lowerBound..<around.upperBound
            } else {
                hunks.append(around)
            }
        }
        return "--- \(from)\n+++ \(to)\n" + hunks.map(text).joined()
    }

    private func text(_ hunk: Range<Int>) -> String {
        func span(_ belongs: (Line) -> Bool) -> String {
            let (above, count) = (lines[..<hunk.lowerBound].count(where: belongs), lines[hunk].count(where: belongs))
            // A range of no lines is named by the line above it.
            return count == 1 ? "\(above + 1)" : "\(count == 0 ? above : above + 1),\(count)"
        }
        let old = span { if case .added = $0 { false } else { true } }
        let new = span { if case .removed = $0 { false } else { true } }
        return "@@ -\(old) +\(new) @@\n" + lines[hunk].map { $0.text + "\n" }.joined()
    }

    /// The last one may be without a line end; that difference is of no interest here.
    private static func lines(of text: String) -> [Substring] {
        var lines = text.split(separator: "\n", omittingEmptySubsequences: false)
        if lines.last?.isEmpty == true { lines.removeLast() }
        return lines
    }
}
