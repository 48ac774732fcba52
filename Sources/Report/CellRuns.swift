internal import History

/// The cells of a layer over time; neighbours that look the same are drawn as one.
struct CellRuns {
    private struct Run {
        var cells: Range<Int>
        /// Where it begins to be here, is all here, and begins to be read, in the picture; nil: not.
        var arrives: Double?
        var isHere: Double?
        var isRead: Double?
    }

    private let runs: [Run]
    private let count: Int
    private let right: Double

    init(_ layer: LayerTally, axis: TimeAxis) {
        count = layer.cells.count
        right = axis.left + axis.width
        func x(_ moment: Moment?) -> Double? {
            moment.flatMap { axis.contains($0.seconds) ? axis.x($0.seconds).rounded() : nil }
        }
        var runs: [Run] = []
        for (number, cell) in layer.cells.enumerated() {
            // What was here in the beginning was never fetched.
            let begin: Double? = layer.wasHere && cell.firstFetched == nil ? axis.left : nil
            let read = x(cell.read)
            let run = Run(
                cells: number..<number + 1, arrives: x(cell.firstFetched) ?? begin ?? read,
                isHere: x(cell.lastFetched) ?? begin ?? read, isRead: read)
            if var last = runs.last, last.arrives == run.arrives, last.isHere == run.isHere, last.isRead == run.isRead {
                last.cells = last.cells.lowerBound..<number + 1
                runs[runs.count - 1] = last
            } else {
                runs.append(run)
            }
        }
        self.runs = runs
    }

    func drawn(y: Double, height: Double, name: String) -> Markup {
        let cell = height / Double(count)
        return runs.map { run -> Markup in
            let top = y + Double(run.cells.lowerBound) * cell
            // Over the seam to the next one.
            let end = min(y + Double(run.cells.upperBound) * cell + 0.5, y + height)
            let part =
                "\(name): \(run.cells.lowerBound * 100 / count) to \(run.cells.upperBound * 100 / count) % of the blob"
            guard let arrives = run.arrives else { return .none }
            var drawn = Drawing.bar(
                "fetched", x: arrives, y: top, to: right, height: end - top,
                title: "\(part), fetched")
            if let isRead = run.isRead {
                drawn += Drawing.bar(
                    "read", x: isRead, y: top, to: right, height: end - top, title: "\(part), read"
                )
            }
            return drawn
        }.joined()
    }
}
