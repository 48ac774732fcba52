import Foundation
import History
import OCI
import Report
import TestSupport
import Testing

@Suite("The page about a start")
struct PageTests {
    private func page(_ report: HistoryReport) throws -> String { try #require(ReportPage(report)).text }

    @Test("It says who, what, why and how long")
    func content() async throws {
        let page = try page(await MadeHistory.report())
        for text in [
            "example.org/shop/web:1", "shop/web-0 (4f1c)", "indexFound: an index covers the layers",
            "/usr/lib/libc.so.6",
            "Streamed: its files could be read", "SOCI v1", "1 of them failed",
        ] {
            #expect(page.contains(text), "\(text)")
        }
    }

    /// What comes from registries and clusters is text, wherever it stands.
    @Test(
        "Nothing from outside becomes markup",
        arguments: [
            "<script>alert(1)</script>", "\"><img src=x onerror=alert(1)>", "'onload='x", "</title></style><b>",
            "&lt;b&gt;",
        ])
    func hostile(text: String) async throws {
        let page = try page(await MadeHistory.report(image: text, pod: text, files: ["/a/" + text]))
        #expect(!page.contains(text))
        for word in ["<script", "<img", "<b>x", "onerror=alert(1)>", "'onload"] {
            #expect(!page.contains(word), "\(word)")
        }
        // One style sheet, one title of the page.
        #expect(page.components(separatedBy: "<style").count == 2 && page.components(separatedBy: "</style").count == 2)
    }

    @Test("What would not be seen is spelled out")
    func controls() async throws {
        let page = try page(await MadeHistory.report(files: ["/a\u{1b}[2Jb\u{202e}c\nd"]))
        #expect(page.contains("/a\\u{1b}[2Jb\\u{202e}c\\u{a}d"))
        #expect("ok ä 漢".printable == "ok ä 漢")
    }

    @Test("It fetches nothing and runs nothing")
    func closed() async throws {
        let page = try page(await MadeHistory.report())
        #expect(page.contains("default-src 'none'"))
        for word in ["<script", "http://", "https://", "url(", "@import", " src=", "javascript:"] {
            #expect(!page.contains(word), "\(word)")
        }
    }

    @Test("It stays small whatever it tells of")
    func size() async throws {
        let report = await MadeHistory.report(
            layers: Array(repeating: 1 << 36, count: 127),
            files: (0..<500).map { "/\($0)/" + String(repeating: "long", count: 400) })
        #expect(try page(report).utf8.count < 1 << 20)
    }

    @Test("A pull that the runtime did by itself has a page, too; nothing has none")
    func plain() throws {
        let chronicle = Chronicle()
        chronicle.asked("example.org/small:1", by: nil).decided(
            "pull", reasons: ["belowThreshold: small"], index: nil)
        let page = try page(HistoryReport(pulls: chronicle.pulls, starts: [], layers: []))
        #expect(page.contains("belowThreshold: small"))
        #expect(ReportPage(HistoryReport(pulls: [], starts: [], layers: [])) == nil)
    }

    @Test(
        "In a browser all can be read, in the light and in the dark, and nothing is complained of",
        .enabled(if: Browser.isInstalled, "needs chromium"), .timeLimit(.minutes(10)),
        arguments: [(false, 1200), (true, 1200), (false, 700)])
    func browser(isDark: Bool, width: Int) async throws {
        let report = await MadeHistory.report(
            layers: [40 << 20, 300 << 20, 9 << 20, 512, 100_000],
            files: (0..<20).map {
                "/usr/lib/python3/dist-packages/somewhere/deep/inside/module\($0).cpython-311-x86_64-linux-gnu.so"
            })
        let browser = try Browser()
        let (look, complaints) = try browser.look(
            at: page(report), isDark: isDark, width: width,
            counting: [
                "#start svg[role=img] rect.wait", "#start svg[role=img] rect.phase", "#fetch svg[role=img] rect.fill",
                "#layers svg[role=img] rect.read", "#files tbody tr",
                "script", "img",
            ])
        #expect(complaints == [])
        #expect(look.collisions == [])
        #expect(look.cut == [])
        #expect(!look.overflows)
        #expect(look.counts["#start svg[role=img] rect.wait"] == 20)
        #expect(look.counts["#files tbody tr"] == 20)
        #expect(
            (look.counts["#layers svg[role=img] rect.read"] ?? 0) > 5
                && (look.counts["#fetch svg[role=img] rect.fill"] ?? 0) > 0)
        #expect(look.counts["script"] == 0 && look.counts["img"] == 0)
        #expect(look.paper == (isDark ? "rgb(20, 24, 28)" : "rgb(255, 255, 255)"))
    }
}

@Suite("A pull in sentences")
struct SummaryTests {
    @Test("What is not here is told by bytes and segments")
    func missing() async throws {
        let report = await MadeHistory.report(layers: [100 << 20], isComplete: false)
        let facts = PullSummary(report.pulls[0], report).facts
        #expect(facts.first { $0.name == "missing" }?.text == "50.0 MiB in 1 of 1 layers, 50 of 100 segments")
        #expect(facts.first { $0.name == "fetched" }?.text.hasPrefix("100.0 MiB: 25.0 MiB for waiting readers") == true)
        #expect(facts.first { $0.name == "pod" }?.text == "shop/web-0 (4f1c)")
    }

    @Test(
        "times",
        arguments: [
            (Duration.milliseconds(312), "312ms"), (.milliseconds(5219), "5.21s"), (.seconds(61), "1m01s"),
            (.zero, "0ms"),
        ])
    func times(duration: Duration, text: String) { #expect(Measures.time(duration) == text) }
}
