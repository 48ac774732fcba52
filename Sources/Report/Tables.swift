internal import History
internal import OCI

/// The files that made readers wait.
struct FileTable {
    let start: StartRecord

    var markup: Markup {
        let others = start.waits.others
        guard !start.waits.files.isEmpty else { return .none }
        let rows = start.waits.slowest.map { file -> Markup in
            """
            <tr><td class="number">\(Measures.time(file.figures.sum))</td><td class="number">\(file.figures.count)</td>\
            <td class="number">\(Measures.time(file.figures.longest))</td><td class="number">\(size(file.offsetOfLongest))</td>\
            <td class="number">\(Measures.time((file.stretches.first?.from ?? .zero).elapsed))</td>\
            <td class="number\(file.figures.failures > 0 ? " bad" : "")">\(file.figures.failures)</td>\
            <td class="path code">\(file.shownPath)</td></tr>

            """
        }.joined()
        let rest: Markup =
            others.count == 0
            ? .none
            : """
            <tr><td class="number">\(Measures.time(others.sum))</td><td class="number">\(others.count)</td>\
            <td class="number">\(Measures.time(others.longest))</td><td></td><td></td><td class="number">\(others.failures)</td>\
            <td>other files</td></tr>

            """
        return """
            <section id="files">
            <h2>Files that made readers wait</h2>
            <div class="scroll"><table>
            <thead><tr><th class="number">Waited</th><th class="number">Reads</th><th class="number">Longest</th>\
            <th class="number">at offset</th><th class="number">First at</th><th class="number">Failed</th><th>File in its layer</th></tr></thead>
            <tbody>\(rows)\(rest)</tbody>
            </table></div></section>

            """
    }
}

/// All layers in figures.
struct LayerTable {
    let start: StartRecord
    let report: HistoryReport

    var markup: Markup {
        let rows = start.layers.enumerated().map { number, layer -> Markup in
            let standing = report.standing(of: layer.digest)
            let present = standing.map {
                $0.contentSize > 0 || $0.state == "complete"
                    ? Measures.percent(UInt64(max(0, $0.contentPresent)), of: UInt64(max(0, $0.contentSize))) : "–"
            }
            return """
                <tr><td class="number">\(number + 1)</td><td class="code">\(Measures.shortDigest(layer.digest.description))</td>\
                <td>\(layer.wasHere ? "was here" : layer.plan)</td><td>\(standing?.state ?? "gone")</td>\
                <td class="number">\(size(layer.blobSize))</td><td class="number">\(present ?? "–")</td>\
                <td class="number">\(size(layer.fetched.reader))</td><td class="number">\(size(layer.fetched.readAhead))</td>\
                <td class="number">\(size(layer.fetched.pull))</td><td class="number">\(size(layer.fetched.fill))</td>\
                <td class="number">\(standing.map { size($0.blobMissing) } ?? "–")</td>\
                <td class="number">\(layer.complete.map { Measures.time($0.elapsed) } ?? "–")</td></tr>

                """
        }.joined()
        return """
            <section id="layer-figures">
            <h2>Layers in figures</h2>
            <div class="scroll"><table>
            <thead><tr><th class="number">#</th><th>Layer</th><th>Plan</th><th>State</th><th class="number">Size</th><th class="number">Here</th>\
            <th class="number">for readers</th><th class="number">read ahead</th><th class="number">for the pull</th><th class="number">fill</th>\
            <th class="number">Missing</th><th class="number">All here at</th></tr></thead>
            <tbody>\(rows)</tbody>
            </table></div></section>

            """
    }
}

/// The pulls that are told of.
struct PullTable {
    let pulls: [PullRecord]

    private static let most = 40

    var markup: Markup {
        let rows = pulls.prefix(Self.most).map { pull -> Markup in
            """
            <tr><td class="time">\(pull.asked.shown)</td><td>\(pull.pod?.description ?? "–")</td><td>\(pull.image)</td><td>\(pull.strategy ?? "–")</td>\
            <td>\(pull.reasons.first ?? "–")</td><td\(pull.outcome == .failed ? Markup(" class=\"bad\"") : .none)>\(pull.shownOutcome)</td>\
            <td class="number">\(pull.answered.map { Measures.time($0.elapsed) } ?? "–")</td></tr>

            """
        }.joined()
        let more: Markup =
            pulls.count > Self.most
            ? "<p class=\"note\">\(pulls.count - Self.most) older ones are left out.</p>\n" : .none
        return """
            <section id="pulls">
            <h2>Pulls</h2>
            <div class="scroll"><table>
            <thead><tr><th>Asked</th><th>Pod</th><th>Image</th><th>Strategy</th><th>Because</th><th>Outcome</th>\
            <th class="number">Answered after</th></tr></thead>
            <tbody>\(rows)</tbody>
            </table></div>
            \(more)</section>

            """
    }
}

extension PullRecord {
    /// As people say it.
    package var shownOutcome: String {
        switch outcome {
        case .underWay: "under way"
        case .done: joined ? "done, with another" : "done"
        case .failed: "failed"
        case .interrupted: "interrupted"
        }
    }
}

private func size(_ bytes: Int64) -> String { Measures.bytes(UInt64(max(0, bytes))) }
