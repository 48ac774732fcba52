/// The time that a picture shows, and where in it a moment lies.
struct TimeAxis {
    /// From the beginning, in seconds; above zero.
    let length: Double
    /// Left edge and width in the picture.
    let left: Double
    let width: Double

    /// - Parameter events: pairs of beginning and end, in seconds. What happens after a long silence is left out: a start must not shrink to
    ///   a line because somebody read a file days later.
    init(
        showing events: [(from: Double, to: Double)], atLeast least: Double, pause: Double, left: Double, width: Double
    ) {
        var end = max(least, 0.05)
        for event in events.sorted(by: { $0.from < $1.from }) {
            guard event.from <= end + max(pause, end) else { break }
            end = max(end, event.to)
        }
        length = end * 1.03
        self.left = left
        self.width = width
    }

    func x(_ seconds: Double) -> Double { left + min(max(0, seconds / length), 1) * width }

    func contains(_ seconds: Double) -> Bool { seconds <= length }

    /// Round numbers of seconds, five to ten of them.
    var ticks: [Double] {
        let steps: [Double] = [
            0.005, 0.01, 0.02, 0.05, 0.1, 0.2, 0.5, 1, 2, 5, 10, 20, 30, 60, 120, 300, 600, 1200, 1800, 3600, 7200,
            14_400,
            43_200, 86_400, 172_800, 604_800,
        ]
        let step = steps.first { length / $0 <= 9 } ?? length / 9
        return (0...Int(length / step)).map { Double($0) * step }
    }

    /// A tick's label: `0`, `0.5 s`, `10 s`, `2 min`, `3 h`.
    static func label(_ seconds: Double) -> String {
        let (unit, scale): (String, Double) =
            switch seconds {
            case ..<120: ("s", 1)
            case ..<7200: ("min", 60)
            case ..<172_800: ("h", 3600)
            default: ("d", 86_400)
            }
        let thousandths = Int((seconds / scale * 1000).rounded())
        var text = "\(thousandths / 1000)"
        if thousandths % 1000 > 0 {
            var digits = "\(thousandths % 1000 + 1000)".dropFirst()
            while digits.last == "0" { digits.removeLast() }
            text += "." + digits
        }
        return thousandths == 0 ? "0" : text + " " + unit
    }

    /// Lines from `top` to `bottom`, with their labels below.
    func drawn(top: Double, bottom: Double, isLabelled: Bool = true) -> Markup {
        ticks.map { tick in
            let line: Markup = """
                <line class="grid" x1="\(x(tick))" y1="\(top)" x2="\(x(tick))" y2="\(bottom)"/>

                """
            guard isLabelled else { return line }
            return line + """
                <text class="tick" x="\(x(tick))" y="\(bottom + 15)" text-anchor="middle">\(Self.label(tick))</text>

                """
        }.joined()
    }
}
