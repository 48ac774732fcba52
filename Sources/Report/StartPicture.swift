internal import History

/// The waterfall: what the pull did, and then, file by file, when readers stood still.
struct StartPicture {
    let pull: PullRecord
    let start: StartRecord

    /// Rows of files; the rest stands in the table.
    private static let maxFiles = 32
    private static let rowHeight = 18.0

    private var files: [FileWaits] {
        start.waits.slowest.prefix(Self.maxFiles).sorted { first($0) < first($1) }
    }

    private func first(_ file: FileWaits) -> Moment { file.stretches.first?.from ?? .zero }

    var markup: Markup {
        let files = files
        let phases = phases
        let waits = start.waits.files.flatMap(\.stretches).map { (from: $0.from.seconds, to: $0.to.seconds) }
        let axis = TimeAxis(
            showing: waits, atLeast: (pull.answered ?? pull.mounted ?? .zero).seconds, pause: 5, left: Drawing.left,
            width: Drawing.right - Drawing.left)
        let top = 8.0
        let bottom = top + Double(phases.count + files.count) * Self.rowHeight + 6
        var rows = axis.drawn(top: top, bottom: bottom)
        var y = top
        for phase in phases {
            rows += Drawing.label(phase.name, y: y + 13)
            rows += Drawing.bar(
                "phase", x: axis.x(phase.from), y: y + 3, to: axis.x(phase.to), height: 12,
                title: "\(phase.name): \(Measures.time(.seconds(phase.to - phase.from)))")
            y += Self.rowHeight
        }
        rows += """
            <line class="axis" x1="\(Drawing.left)" y1="\(y + 1)" x2="\(Drawing.right)" y2="\(y + 1)"/>

            """
        y += 3
        for file in files {
            rows += row(file, y, axis)
            y += Self.rowHeight
        }
        return """
            <section id="start">
            <h2>The start: the pull, then readers who waited</h2>
            <p class="note">\(note(axis))</p>
            \(Drawing.legend([("phase", "what the pull did"), ("wait", "a read of this file waits")]))\
            \(Drawing.picture("Waterfall of the start", height: bottom + 24, rows))</section>

            """
    }

    private var phases: [(name: String, from: Double, to: Double)] {
        var phases: [(name: String, from: Double, to: Double)] = []
        var last = 0.0
        for (name, moment) in [
            ("ask the registry, decide", pull.decided), ("make layers readable", pull.mounted),
            ("answer, runtime included", pull.answered),
        ] {
            guard let seconds = moment?.seconds else { continue }
            phases.append((name, min(last, seconds), seconds))
            last = max(last, seconds)
        }
        return phases
    }

    private func row(_ file: FileWaits, _ y: Double, _ axis: TimeAxis) -> Markup {
        var row = Drawing.label(file.shownPath, y: y + 13, isCode: true)
        for stretch in file.stretches where axis.contains(stretch.from.seconds) {
            row += Drawing.bar(
                "wait", x: axis.x(stretch.from.seconds), y: y + 3, to: axis.x(stretch.to.seconds), height: 12,
                title: """
                    \(file.shownPath): from \(Measures.time(stretch.from.elapsed)) to \(Measures.time(stretch.to.elapsed)); \
                    \(file.figures.count) reads waited \(Measures.time(file.figures.sum)) in all
                    """)
        }
        return row + length(of: file, y, axis)
    }

    /// How long its readers waited in all, beside the last bar.
    private func length(of file: FileWaits, _ y: Double, _ axis: TimeAxis) -> Markup {
        let shown = file.stretches.filter { axis.contains($0.from.seconds) }
        guard let first = shown.first, let last = shown.last else { return .none }
        let end = axis.x(last.to.seconds)
        let fits = end < Drawing.right - Self.lengthWidth
        // Between the labels and the first bar there may be no room either: then the title tells.
        let x = fits ? end + 5 : axis.x(first.from.seconds) - 5
        guard fits || x > Drawing.left + Self.lengthWidth else { return .none }
        return """
            <text class="small" x="\(x)" y="\(y + 13)" text-anchor="\(fits ? "start" : "end")">\(Measures.time(file.figures.sum))</text>

            """
    }

    private static let lengthWidth = 52.0

    private func note(_ axis: TimeAxis) -> String {
        let figures = start.waits.figures
        guard figures.count > 0 else { return "No reader had to wait for bytes." }
        var text =
            "\(figures.count) reads waited, \(Measures.time(figures.sum)) together; reads that wait at the same time count each."
        let hidden = start.waits.files.count - min(start.waits.files.count, Self.maxFiles)
        if hidden > 0 || start.waits.others.count > 0 {
            text += " The files that cost most are shown, in the order of their first wait."
        }
        let late = files.filter { !axis.contains(first($0).seconds) }.count
        if late > 0 { text += " \(late) of them waited later than this picture reaches." }
        return text
    }
}
