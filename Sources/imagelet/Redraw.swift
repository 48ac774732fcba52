/// Draws lines over those drawn before.
struct Redraw {
    private var height = 0

    /// The control sequences and text that replace the last frame, if any, by `lines`.
    ///
    /// Line wrap is off meanwhile: a line that is too long for the terminal is cut, not broken, which would spoil the count.
    mutating func frame(_ lines: [String]) -> String {
        var text = "\u{1B}[?7l"
        if height > 0 { text += "\u{1B}[\(height)A" }
        for line in lines { text += "\r\u{1B}[2K\(line)\n" }
        height = lines.count
        return text + "\u{1B}[J\u{1B}[?7h"
    }
}
