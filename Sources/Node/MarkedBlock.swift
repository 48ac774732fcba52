/// Lines that we put into somebody else's file, between two marks, together with the lines they stand for. Such a block can be taken
/// out again, whatever was changed around it.
struct MarkedBlock: Equatable {
    private static let opening = "# >>> imagelet: by 'imagelet node install'; 'imagelet node uninstall' takes it out"
    private static let closing = "# <<< imagelet"
    /// Before each line that the block stands for.
    private static let original = "#| "

    /// What stood there before, without line ends.
    var replaced: [String] = []
    var lines: [String]

    /// The block as lines of a file in which # begins a comment.
    var text: [String] { [Self.opening] + replaced.map { Self.original + $0 } + lines + [Self.closing] }

    /// `text` without our blocks, what they stand for put back.
    /// - Returns: nil if there is none, or a mark without its other one.
    static func removeAll(from text: String) -> String? {
        var result: [Substring] = []
        var isInside = false
        var isFound = false
        for line in text.split(separator: "\n", omittingEmptySubsequences: false) {
            switch line {
            case Substring(opening):
                guard !isInside else { return nil }
                (isInside, isFound) = (true, true)
            case Substring(closing):
                guard isInside else { return nil }
                isInside = false
            default:
                if !isInside {
                    result.append(line)
                } else if line.hasPrefix(original) {
                    result.append(line.dropFirst(original.count))
                }
            }
        }
        return isFound && !isInside ? result.joined(separator: "\n") : nil
    }

    /// The lines of all our blocks, marks left out.
    static func contents(of text: String) -> [Substring] {
        var isInside = false
        return text.split(separator: "\n", omittingEmptySubsequences: false).filter { line in
            if line == opening { isInside = true } else if line == closing { isInside = false } else { return isInside }
            return false
        }
    }
}
