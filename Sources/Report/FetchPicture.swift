internal import History

/// Bytes over time by whom they came for, and how many readers stood still meanwhile.
struct FetchPicture {
    let start: StartRecord

    private static let causes: [(cause: FetchCause, kind: StaticString, text: String)] = [
        (.reader, "reader", "a reader waited for it"), (.readAhead, "ahead", "read ahead"),
        (.pull, "pull", "before the pull returned"), (.fill, "fill", "background fill"),
    ]

    private struct Column {
        var from: Double
        var to: Double
        var bucket: FetchTimeline.Bucket

        init(_ bucket: FetchTimeline.Bucket) {
            let span = FetchTimeline.span(bucket.number)
            (from, to) = (span.lowerBound.seconds, span.upperBound.seconds)
            self.bucket = bucket
        }

        /// Bytes a second.
        var rate: Double { Double(bucket.fetched.total) / (to - from) }
        /// Readers standing still, on average.
        var waiting: Double { bucket.waited / (to - from) }
    }

    var markup: Markup {
        let columns = start.timeline.buckets.map(Column.init)
        guard start.fetched.total > 0 else {
            return
                "<section id=\"fetch\"><h2>What was fetched, and for whom</h2><p class=\"note\">Nothing: all of it was here.</p></section>\n"
        }
        let axis = TimeAxis(
            showing: columns.map { ($0.from, $0.to) }, atLeast: 0.5, pause: 30, left: Drawing.left,
            width: Drawing.right - Drawing.left)
        let shown = columns.filter { axis.contains($0.from) }
        let content = rates(shown, axis, top: 10, bottom: 150) + waits(shown, axis, top: 172, bottom: 212)
        return """
            <section id="fetch">
            <h2>What was fetched, and for whom</h2>
            <p class="note">Compressed bytes from the registry a second; below, how many readers waited at the same time.</p>
            \(Drawing.legend(Self.causes.map { ($0.kind, "\($0.text): \(Measures.bytes(UInt64(max(0, start.fetched[$0.cause]))))") }))\
            \(Drawing.picture("Bytes fetched over time", height: 238, content))</section>

            """
    }

    private func rates(_ columns: [Column], _ axis: TimeAxis, top: Double, bottom: Double) -> Markup {
        let scale = ValueScale(upTo: columns.map(\.rate).max() ?? 0, top: top, bottom: bottom, isBytes: true)
        var content = axis.drawn(top: top, bottom: bottom, isLabelled: false) + scale.drawn
        for column in columns {
            var y = bottom
            for (cause, kind, text) in Self.causes where column.bucket.fetched[cause] > 0 {
                let height = scale.height(Double(column.bucket.fetched[cause]) / (column.to - column.from))
                y -= height
                content += Drawing.bar(
                    kind, x: axis.x(column.from), y: y, to: axis.x(column.to), height: height,
                    title: """
                        \(Measures.time(.seconds(column.from))) to \(Measures.time(.seconds(column.to))): \
                        \(Measures.bytes(UInt64(max(0, column.bucket.fetched[cause])))), \(text)
                        """)
            }
        }
        return content + Drawing.heading("fetched per second", y: top + 10)
    }

    private func waits(_ columns: [Column], _ axis: TimeAxis, top: Double, bottom: Double) -> Markup {
        let scale = ValueScale(upTo: columns.map(\.waiting).max() ?? 0, top: top, bottom: bottom, isBytes: false)
        var content = axis.drawn(top: top, bottom: bottom) + scale.drawn
        for column in columns where column.waiting > 0 {
            let height = scale.height(column.waiting)
            content += Drawing.bar(
                "wait", x: axis.x(column.from), y: bottom - height, to: axis.x(column.to), height: height,
                title: """
                    \(Measures.time(.seconds(column.from))) to \(Measures.time(.seconds(column.to))): readers waited \
                    \(Measures.time(.seconds(column.bucket.waited))) together
                    """)
        }
        return content + Drawing.heading("readers waiting", y: top + 10)
    }
}
