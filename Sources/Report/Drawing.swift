/// Pieces that all pictures are made of.
enum Drawing {
    /// Width of every picture, in its own units.
    static let width = 1000.0
    /// Where time begins in it.
    static let left = 300.0
    static let right = 985.0

    static func picture(_ title: String, height: Double, _ content: Markup) -> Markup {
        """
        <div class="scroll"><svg role="img" aria-label="\(title)" viewBox="0 0 \(Self.width) \(height)">
        \(content)</svg></div>

        """
    }

    static func bar(
        _ kind: StaticString, x: Double, y: Double, to end: Double, height: Double, title: String
    ) -> Markup {
        """
        <rect class="\("\(kind)")" x="\(x)" y="\(y)" width="\(max(end - x, 1))" height="\(max(height, 0.5))"><title>\(title)</title></rect>

        """
    }

    /// A text that ends where the picture begins; the end of a long one is kept, all of it shown on demand.
    static func label(_ text: String, y: Double, isCode: Bool = false) -> Markup {
        let shown = shortened(text, to: isCode ? 40 : 44)
        return """
            <text class="\(isCode ? "label code" : "label")" x="\(left - 10)" y="\(y)" text-anchor="end">\(shown)<title>\(text)</title></text>

            """
    }

    /// The end of a text that is longer than so many columns; letters of East Asia take two.
    private static func shortened(_ text: String, to columns: Int) -> String {
        var width = 0
        var start = text.endIndex
        while start > text.startIndex {
            let before = text.index(before: start)
            width += text[before].unicodeScalars.contains { $0.value >= 0x1100 } ? 2 : 1
            if width > columns { return "…" + text[start...] }
            start = before
        }
        return text
    }

    /// What an upright axis is about, at the picture's edge.
    static func heading(_ text: String, y: Double) -> Markup {
        "<text class=\"label\" x=\"4\" y=\"\(y)\">\(text)</text>\n"
    }

    /// Squares with what they stand for.
    static func legend(_ entries: [(kind: StaticString, text: String)]) -> Markup {
        let items = entries.map { kind, text -> Markup in
            """
            <li><svg viewBox="0 0 14 14" aria-hidden="true"><rect class="\("\(kind)")" width="14" height="14"/></svg>\(text)</li>
            """
        }.joined()
        return "<ul class=\"legend\">\(items)</ul>\n"
    }
}
