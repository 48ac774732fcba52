package import History
internal import OCI

/// What a pull and the start it belongs to come to, in words and figures, for the page and for the terminal.
package struct PullSummary {
    package struct Figure { package var value: String, what: String }
    package struct Fact { package var name: String, text: String }

    let pull: PullRecord
    let start: StartRecord?
    let report: HistoryReport

    package init(_ pull: PullRecord, _ report: HistoryReport) {
        self.pull = pull
        self.report = report
        start = report.start(of: pull)
    }

    /// Whether this pull began the start: else all was here, or on its way, when it came.
    private var isFirst: Bool {
        start.map { start in report.pulls.allSatisfy { $0.start != start.id || $0.id >= pull.id } } ?? false
    }

    /// What happened, in a sentence or two.
    package var verdict: String {
        switch pull.outcome {
        case .underWay:
            return "The pull is under way, for \(Measures.time(pull.asked.elapsed(until: report.now.date))) so far."
        case .failed:
            return "The pull failed after \(time(pull.answered)): \(pull.failure ?? "no reason is known")."
        case .interrupted: return "The pull was interrupted: its caller went away, or the daemon ended."
        case .done: break
        }
        guard let start, let strategy = pull.strategy else {
            return "The runtime pulled it by itself, in \(time(pull.answered)); imagelet served no layer of it."
        }
        guard isFirst else {
            return """
                \(pull.joined ? "Another pull did the work" : "The layers were here already"): answered after \(time(pull.answered)). \
                What follows is the start of \(start.began.shown) that it belongs to.
                """
        }
        let ready =
            switch strategy {
            case "stream": "Streamed: its files could be read \(time(pull.mounted)) after the pull was asked for"
            case "prefetch": "Fetched whole before the pull returned, in \(time(pull.mounted))"
            default: "Pulled in \(time(pull.mounted))"
            }
        return "\(ready). \(waiting(start)) \(completion(start))"
    }

    private func waiting(_ start: StartRecord) -> String {
        let figures = start.waits.figures
        guard figures.count > 0 else { return "No reader had to wait." }
        let failed = figures.failures > 0 ? " \(figures.failures) of them failed." : ""
        return """
            Readers waited \(Measures.time(figures.sum)) in \(figures.count) read\(figures.count == 1 ? "" : "s"), \
            the longest \(Measures.time(figures.longest)).\(failed)
            """
    }

    private func completion(_ start: StartRecord) -> String {
        let missing = missingBytes(start)
        if let complete = start.complete {
            let since = missing > 0 ? ", and \(bytes(missing)) have left the cache since" : ""
            return "All of it was here after \(time(complete))\(since)."
        }
        return missing > 0 ? "\(bytes(missing)) are still in the registry only." : ""
    }

    /// Bytes of blobs that are not here.
    package func missingBytes(_ start: StartRecord) -> Int64 {
        start.layers.reduce(0) { $0 + (report.standing(of: $1.digest)?.blobMissing ?? 0) }
    }

    /// The figures one looks for first.
    package var figures: [Figure] {
        var figures = [Figure(value: time(pull.answered), what: "pull answered")]
        guard let start else { return figures }
        figures.insert(Figure(value: time(pull.mounted), what: "could be read"), at: 0)
        figures.append(Figure(value: time(start.firstRead), what: "first read"))
        figures.append(
            Figure(value: Measures.time(start.waits.figures.sum), what: "waited, \(start.waits.figures.count) reads"))
        figures.append(Figure(value: time(start.complete), what: "all here"))
        let size = start.layers.reduce(0) { $0 + $1.blobSize }
        figures.append(Figure(value: bytes(start.fetched.total), what: "fetched of \(bytes(size))"))
        return figures
    }

    /// What is known of the pull, by name.
    package var facts: [Fact] {
        var facts = [Fact(name: "image", text: pull.image)]
        if let pod = pull.pod { facts.insert(Fact(name: "pod", text: pod.description), at: 0) }
        if let manifest = pull.manifest { facts.append(Fact(name: "manifest", text: manifest.description)) }
        let age = Measures.duration(seconds: pull.asked.elapsed(until: report.now.date).components.seconds)
        facts.append(Fact(name: "asked", text: "\(pull.asked.shown), \(age) ago"))
        if let strategy = pull.strategy { facts.append(Fact(name: "strategy", text: strategy)) }
        for (number, reason) in pull.reasons.enumerated() {
            facts.append(Fact(name: number == 0 ? "because" : "note", text: reason))
        }
        if let index = pull.index {
            let name =
                index.digest.map { "SOCI \(index.version) \($0)" }
                ?? "made by this node while it fetched the layers before"
            facts.append(Fact(name: "index", text: name))
        }
        facts.append(Fact(name: "times", text: times))
        guard let start else { return facts }
        let fetched = start.fetched
        facts.append(
            Fact(
                name: "fetched",
                text: """
                    \(bytes(fetched.total)): \(bytes(fetched.reader)) for waiting readers, \(bytes(fetched.readAhead)) read ahead, \
                    \(bytes(fetched.pull)) before the pull returned, \(bytes(fetched.fill)) in the background
                    """))
        facts.append(Fact(name: "waited", text: waited(start)))
        facts.append(Fact(name: "missing", text: missing(start)))
        return facts
    }

    private var times: String {
        var parts: [String] = []
        func add(_ what: String, _ moment: Moment?) { if let moment { parts.append("\(what) \(time(moment))") } }
        add("decided", pull.decided)
        add("could be read", pull.mounted)
        add("answered", pull.answered)
        if isFirst {
            add("first read", start?.firstRead)
            add("all here", start?.complete)
        }
        return parts.isEmpty ? "none yet" : parts.joined(separator: ", ")
    }

    private func waited(_ start: StartRecord) -> String {
        let figures = start.waits.figures
        guard figures.count > 0 else { return "nobody" }
        var text =
            "\(figures.count) reads for \(Measures.time(figures.sum)) in all, the longest \(Measures.time(figures.longest))"
        if let worst = start.waits.files.max(by: { $0.figures.longest < $1.figures.longest }) {
            text += " in \(worst.shownPath) at \(bytes(worst.offsetOfLongest))"
        }
        if figures.failures > 0 { text += "; \(figures.failures) FAILED" }
        return text
    }

    private func missing(_ start: StartRecord) -> String {
        let standings = start.layers.compactMap { report.standing(of: $0.digest) }
        guard standings.count == start.layers.count else {
            return
                "\(start.layers.count - standings.count) of \(start.layers.count) layers are not on this node any more"
        }
        let open = standings.filter {
            $0.segmentsPresent < $0.segmentCount || $0.segmentCount == 0 && $0.blobMissing > 0
        }
        guard !open.isEmpty else { return "nothing" }
        let segments = open.reduce(0) { $0 + $1.segmentCount - $1.segmentsPresent }
        let all = standings.reduce(0) { $0 + $1.segmentCount }
        var text =
            "\(bytes(missingBytes(start))) in \(open.count) of \(standings.count) layers, \(segments) of \(all) segments"
        if let trouble = open.compactMap(\.trouble).first { text += "; \(trouble)" }
        return text
    }

    private func time(_ moment: Moment?) -> String { moment.map { Measures.time($0.elapsed) } ?? "–" }

    private func bytes(_ count: Int64) -> String { Measures.bytes(UInt64(max(0, count))) }
}

extension FileWaits {
    /// Its path, or what is known instead.
    package var shownPath: String { path ?? "a file of layer \(Measures.shortDigest(layer.description))" }
}

extension WallTime {
    /// `2026-11-28 17:20:03 UTC`
    package var shown: String {
        let text = description
        guard let separator = text.firstIndex(of: "T") else { return text }
        return "\(text[..<separator]) \(text[text.index(after: separator)...].prefix(8)) UTC"
    }
}
