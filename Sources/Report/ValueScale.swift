/// The upright axis of a picture: from nothing to a round number.
struct ValueScale {
    private let top: Double
    private let bottom: Double
    private let highest: Double
    private let isBytes: Bool

    init(upTo value: Double, top: Double, bottom: Double, isBytes: Bool) {
        self.top = top
        self.bottom = bottom
        self.isBytes = isBytes
        // 1, 2 or 5 of a power of ten; of bytes, powers of two.
        var step = isBytes ? 1024.0 : 1.0
        let factors = isBytes ? [2.0] : [2, 2.5, 2]
        var turn = 0
        while step < value, step < 1e18 {
            step *= factors[turn % factors.count]
            turn += 1
        }
        highest = step
    }

    func height(_ value: Double) -> Double { min(max(value / highest, 0), 1) * (bottom - top) }

    /// Its lines with their values, nothing and the highest at least.
    var drawn: Markup {
        let labels = (isBytes ? [0, highest / 2, highest] : [0, highest]).map { value -> Markup in
            let y = bottom - height(value)
            let text = isBytes ? Measures.bytes(UInt64(value)) : value == value.rounded() ? "\(Int(value))" : "\(value)"
            return """
                <line class="grid" x1="\(Drawing.left)" y1="\(y)" x2="\(Drawing.right)" y2="\(y)"/>\
                <text class="tick" x="\(Drawing.left - 8)" y="\(y + 4)" text-anchor="end">\(text)</text>

                """
        }.joined()
        return labels + """
            <line class="axis" x1="\(Drawing.left)" y1="\(bottom)" x2="\(Drawing.right)" y2="\(bottom)"/>

            """
    }
}
