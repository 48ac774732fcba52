internal import History
internal import OCI
internal import Report

/// What is remembered of pulls, for a terminal of some 120 columns.
struct HistoryText {
    let report: HistoryReport
    /// Pulls that are told.
    var most = 5

    private static let mostFiles = 12
    private static let columns = 118

    /// All pulls, the newest first, each with what became of it.
    var pulls: String {
        let shown = report.pulls.prefix(most)
        var text = shown.map { pull in story(of: pull) }.joined(separator: "\n")
        if report.pulls.count > shown.count {
            text += "\n\(report.pulls.count - shown.count) older pulls are left out; -o json has all of them.\n"
        }
        return text
    }

    /// The pods, if they are several of one name; nil if they are one.
    func pods(called name: String) -> String? {
        var seen: [String] = []
        for pod in report.pulls.compactMap(\.pod) where !seen.contains(pod.uid) { seen.append(pod.uid) }
        guard seen.count > 1 else { return nil }
        let rows = report.pulls.map { pull in
            [
                pull.pod?.namespace ?? "", pull.pod?.name ?? "", pull.pod?.uid ?? "", pull.asked.shown,
                pull.strategy ?? "-", pull.shownOutcome, pull.image,
            ].map(\.printable)
        }
        let table = Table(
            columns: [
                .left("NAMESPACE"), .left("POD"), .left("UID"), .left("ASKED"), .left("STRATEGY"), .left("OUTCOME"),
                .left("IMAGE"),
            ], rows: rows)
        return "\(seen.count) pods are called '\(name.printable)'; ask for one by its uid, or with --namespace.\n\n"
            + table.text
    }

    private func story(of pull: PullRecord) -> String {
        let summary = PullSummary(pull, report)
        let facts = summary.facts
        let width = facts.map(\.name.count).max() ?? 0
        var text = wrapped(summary.verdict, indent: 0) + "\n"
        for fact in facts {
            let name = fact.name + String(repeating: " ", count: width - fact.name.count)
            text += name + "  " + wrapped(fact.text, indent: width + 2)
        }
        guard let start = report.start(of: pull) else { return text }
        text += "\n" + layers(start)
        let files = files(start)
        return files.isEmpty ? text : text + "\n" + files
    }

    private func layers(_ start: StartRecord) -> String {
        let rows = start.layers.map { layer -> [String] in
            let standing = report.standing(of: layer.digest)
            let fetched = FetchCause.allCases.map { bytes(layer.fetched[$0]) }
            return [
                Measures.shortDigest(layer.digest.description), layer.wasHere ? "was here" : layer.plan,
                standing?.state ?? "gone", bytes(layer.blobSize),
                standing.map { "\($0.segmentsPresent)/\($0.segmentCount)" } ?? "-",
            ] + fetched + [layer.complete.map { Measures.time($0.elapsed) } ?? "-"]
        }
        return Table(
            columns: [
                .left("LAYER"), .left("PLAN"), .left("STATE"), .right("SIZE"), .right("SEGMENTS"), .right("READERS"),
                .right("AHEAD"), .right("PULL"), .right("FILL"), .right("ALL HERE"),
            ], rows: rows
        ).text
    }

    private func files(_ start: StartRecord) -> String {
        let slowest = start.waits.slowest
        guard !slowest.isEmpty else { return "" }
        let rows = slowest.prefix(Self.mostFiles).map { file -> [String] in
            let path = file.shownPath.printable
            return [
                Measures.time(file.figures.sum), "\(file.figures.count)", Measures.time(file.figures.longest),
                bytes(file.offsetOfLongest), file.figures.failures > 0 ? "\(file.figures.failures)" : "-",
                path.count > 72 ? "…" + path.suffix(71) : path,
            ]
        }
        let table = Table(
            columns: [
                .right("WAITED"), .right("READS"), .right("LONGEST"), .right("AT OFFSET"), .right("FAILED"),
                .left("FILE"),
            ], rows: Array(rows))
        let rest = start.waits.figures.count - slowest.prefix(Self.mostFiles).reduce(0) { $0 + $1.figures.count }
        return table.text
            + (rest > 0 ? "\(rest) more reads of other files waited; 'imagelet report' draws them.\n" : "")
    }

    private func bytes(_ count: Int64) -> String { Measures.bytes(UInt64(max(0, count))) }

    /// Lines of at most `columns`, broken between words; all but the first are indented.
    private func wrapped(_ text: String, indent: Int) -> String {
        var lines: [String] = []
        for word in text.printable.split(separator: " ").flatMap({ pieces($0, of: Self.columns - indent) }) {
            if let last = lines.last, last.count + 1 + word.count <= Self.columns - indent {
                lines[lines.count - 1] = last + " " + word
            } else {
                lines.append(String(word))
            }
        }
        return lines.joined(separator: "\n" + String(repeating: " ", count: indent)) + "\n"
    }

    /// A word, cut where it is longer than a line.
    private func pieces(_ word: Substring, of length: Int) -> [Substring] {
        stride(from: 0, to: word.count, by: length).map { word.dropFirst($0).prefix(length) }
    }
}
