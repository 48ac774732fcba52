/// How much is remembered: what bounds the memory, the database and the page, whatever pods and registries do.
package enum Limits {
    /// Pulls; the oldest go first.
    package static let pulls = 256
    /// Starts; the oldest go first.
    package static let starts = 64
    /// Cells of all layers of one start, and of one layer.
    package static let cells = 1024
    package static let cellsOfLayer = 128
    /// Files of one start that are told apart.
    package static let files = 128
    /// Stretches of waiting of one file.
    package static let stretches = 8
    /// Scalars of a text from outside.
    package static let text = 512

    /// A text from outside, no longer than `text`; the end, where paths differ, is kept.
    package static func cut(_ whole: String) -> String {
        guard whole.unicodeScalars.count > text else { return whole }
        var kept = String.UnicodeScalarView()
        kept.append("…")
        kept.append(contentsOf: whole.unicodeScalars.suffix(text - 1))
        return String(kept)
    }
}
