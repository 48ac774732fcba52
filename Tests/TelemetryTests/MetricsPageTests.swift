import Telemetry
import TestSupport
import Testing

private enum Colour: String, MetricLabels, CaseIterable {
    case red, green
    static var labelNames: [String] { ["colour"] }
}

private struct Word: MetricLabels {
    var text: String
    static var labelNames: [String] { ["word"] }
    var labelValues: [String] { [text] }
}

@Suite("The page of metrics")
struct MetricsPageTests {
    @Test func counters() {
        var page = MetricsPage()
        let plain = Counter()
        let coloured = Labelled<Colour, Counter>()
        page.add("things_total", "Things that happened.", plain)
        page.add("coloured_total", "Things by colour.", coloured)
        plain.add()
        plain.add(1 << 40)
        coloured[.red].add(3)
        #expect(
            page.text == """
                # HELP things_total Things that happened.
                # TYPE things_total counter
                things_total 1099511627777
                # HELP coloured_total Things by colour.
                # TYPE coloured_total counter
                coloured_total{colour="green"} 0
                coloured_total{colour="red"} 3

                """)
    }

    @Test func gauges() {
        var page = MetricsPage()
        let depth = Gauge()
        page.add("depth", "How deep.", depth)
        page.addGauge("part_ratio", "A part.") { 0.25 }
        page.addGauge("unknown", "Nobody knows.") { nil }
        page.addGauges("stones", "Stones.") { [(Colour.red, 2), (Colour.green, .infinity)] }
        depth.add(5)
        depth.add(-7)
        #expect(
            page.text == """
                # HELP depth How deep.
                # TYPE depth gauge
                depth -2
                # HELP part_ratio A part.
                # TYPE part_ratio gauge
                part_ratio 0.25
                # HELP unknown Nobody knows.
                # TYPE unknown gauge
                # HELP stones Stones.
                # TYPE stones gauge
                stones{colour="green"} +Inf
                stones{colour="red"} 2

                """)
    }

    @Test("A histogram counts each duration in all buckets that are not below it")
    func histogram() {
        var page = MetricsPage()
        let waits = Histogram(.network)
        page.add("wait_seconds", "Waits.", waits)
        for duration: Duration in [.zero, .milliseconds(1), .microseconds(1001), .seconds(30), .seconds(31)] {
            waits.observe(duration)
        }
        let lines = page.text.split(separator: "\n").map(String.init)
        #expect(lines.contains(#"wait_seconds_bucket{le="0.001"} 2"#))
        #expect(lines.contains(#"wait_seconds_bucket{le="0.0025"} 3"#))
        #expect(lines.contains(#"wait_seconds_bucket{le="30"} 4"#))
        #expect(lines.contains(#"wait_seconds_bucket{le="+Inf"} 5"#))
        #expect(lines.contains("wait_seconds_count 5"))
        #expect(lines.contains("wait_seconds_sum 61.002001"))
    }

    @Test func timing() async throws {
        let waits = Histogram(.network)
        struct Failure: Error {}
        let answer = await waits.time { 7 }
        #expect(answer == 7)
        await #expect(throws: Failure.self) { try await waits.time { throw Failure() } }
        #expect(waits.snapshot.count == 2)
    }

    @Test("Whatever a label holds, the line can be read")
    func escaping() {
        var page = MetricsPage()
        let words = Labelled<Word, Counter> { Counter() }
        page.add("words_total", "With \\ and\nsecond line, \"quoted\".", words)
        words[Word(text: "a\"b\\c\nd é")].add()
        #expect(
            page.text == #"""
                # HELP words_total With \\ and\nsecond line, "quoted".
                # TYPE words_total counter
                words_total{word="a\"b\\c\nd é"} 1

                """#)
    }

    @Test("There are never more series than the limit, and none is lost")
    func limit() {
        let words = Labelled<Word, Counter>(limit: 10) { Counter() }
        for number in 0..<1000 { words[Word(text: "w\(number)")].add() }
        #expect(words.series.count == 11)
        #expect(words.series.last?.labelValues == ["other"])
        #expect(words.series.reduce(0) { $0 + $1.metric.value } == 1000)
    }

    @Test func concurrentAdditions() async {
        let words = Labelled<Word, Counter> { Counter() }
        let waits = Histogram(.questions)
        await withTaskGroup(of: Void.self) { group in
            for task in 0..<8 {
                group.addTask {
                    for number in 0..<1000 {
                        words[Word(text: "\(number % 3)")].add()
                        waits.observe(.microseconds(task * number))
                    }
                }
            }
        }
        #expect(words.series.map(\.metric.value) == [2672, 2664, 2664])
        #expect(waits.snapshot.count == 8000)
    }

    @Test("Prometheus's own checker finds nothing to say", .enabled(if: Tool.isInstalled("promtool"), "needs promtool"))
    func promtool() throws {
        var page = MetricsPage()
        let waits = Labelled<Colour, Histogram>(.questions)
        let words = Labelled<Word, Counter> { Counter() }
        page.add("imagelet_waits_seconds", "Waits.", waits)
        page.add("imagelet_words_total", "Words.", words)
        page.addGauge("imagelet_share_ratio", "A share.") { 1e-7 }
        for word in ["", "\\", "\"", "\n", "\u{0}", "日本", String(repeating: "x", count: 1000)] {
            words[Word(text: word)].add()
        }
        waits[.red].observe(.milliseconds(3))
        let outcome = try Tool.run(["promtool", "check", "metrics"], input: Array(page.text.utf8))
        #expect(outcome.status == 0, "\(outcome.errors)")
        #expect(outcome.errors == "")
    }
}
