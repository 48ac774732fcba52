internal import FoundationEssentials
package import History
internal import OCI

/// One page about the start of an image, complete in itself: no script, nothing fetched, nothing from outside unescaped.
package struct ReportPage {
    let report: HistoryReport
    /// The newest start that is told; nil if imagelet served no layer.
    let start: StartRecord?
    /// The pull that began it, else the newest one.
    let pull: PullRecord

    /// - Returns: nil if nothing is told.
    package init?(_ report: HistoryReport) {
        self.report = report
        start = report.starts.max { $0.id < $1.id }
        let own = start.flatMap { start in report.pulls.filter { $0.start == start.id }.min { $0.id < $1.id } }
        guard let pull = own ?? report.pulls.max(by: { $0.id < $1.id }) else { return nil }
        self.pull = pull
    }

    /// The whole document.
    package var text: String {
        // Nothing but our own style sheet is let in, whatever should have got into the page.
        let hash = Data(Digest(of: Array("\(Self.sheet)".utf8)).bytes).base64EncodedString()
        let page: Markup = """
            <!DOCTYPE html>
            <html lang="en">
            <head>
            <meta charset="utf-8">
            <meta http-equiv="Content-Security-Policy" content="default-src 'none'; style-src 'sha256-\(hash)'; base-uri 'none'; form-action 'none'">
            <meta name="viewport" content="width=device-width, initial-scale=1">
            <meta name="referrer" content="no-referrer">
            <title>Start of \(pull.image)</title>
            \(Markup.style(Self.sheet))</head>
            <body>
            \(head)\(pictures)\(tables)\(foot)</body>
            </html>

            """
        return page.text
    }

    private var head: Markup {
        let summary = PullSummary(pull, report)
        let tiles = summary.figures.map { figure -> Markup in
            "<li><b>\(figure.value)</b><span>\(figure.what)</span></li>\n"
        }.joined()
        let facts = summary.facts.map { fact -> Markup in "<dt>\(fact.name)</dt><dd>\(fact.text)</dd>\n" }.joined()
        return """
            <header>
            <h1>Start of \(pull.image)</h1>
            <p class="verdict">\(summary.verdict)</p>
            <ul class="tiles">\(tiles)</ul>
            <dl>\(facts)</dl>
            </header>

            """
    }

    private var pictures: Markup {
        guard let start else {
            return
                "<p>imagelet served no layer of this image: the runtime fetched it by itself, and what it did is not seen here.</p>\n"
        }
        return StartPicture(pull: pull, start: start).markup + FetchPicture(start: start).markup
            + LayerPicture(start: start, report: report).markup
    }

    private var tables: Markup {
        guard let start else { return PullTable(pulls: report.pulls).markup }
        return FileTable(start: start).markup + LayerTable(start: start, report: report).markup
            + PullTable(pulls: report.pulls).markup
    }

    private var foot: Markup {
        """
        <footer class="note">
        <p>Made \(report.now.description) by imagelet. Times count from the pull's request. Reads that did not have to wait are seen to about a
        MiB of content, and with the first look behind them; layers that the kernel reads by itself show none. A layer that several images have
        counts for each of them, whoever's container read it. Bytes are those of blobs, compressed, and count again when they come again.</p>
        </footer>

        """
    }
}
