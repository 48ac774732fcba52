/// Finds what someone may have meant.
enum NearestName {
    /// The one of `names` that takes the fewest edits to get from `word`, letter case aside; nil if that would be
    /// most of the word.
    static func nearest(to word: String, in names: [String]) -> String? {
        let letters = Array(word.lowercased().utf8.prefix(80))
        let ranked = names.map { (name: $0, distance: distance(letters, Array($0.lowercased().utf8))) }
        guard let best = ranked.min(by: { $0.distance < $1.distance }) else { return nil }
        return best.distance * 2 <= max(letters.count, 2) ? best.name : nil
    }

    /// Edits from one text to the other: insert, delete, replace, swap neighbours (optimal string alignment).
    static func distance(_ first: [UInt8], _ second: [UInt8]) -> Int {
        var before: [Int] = []
        var previous = Array(0...second.count)
        for (row, letter) in first.enumerated() {
            var current = [row + 1]
            for (column, other) in second.enumerated() {
                var best = min(
                    current[column] + 1, previous[column + 1] + 1, previous[column] + (letter == other ? 0 : 1))
                if row > 0, column > 0, letter == second[column - 1], first[row - 1] == other {
                    best = min(best, before[column - 1] + 1)
                }
                current.append(best)
            }
            before = previous
            previous = current
        }
        return previous[second.count]
    }
}
