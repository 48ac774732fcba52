import Logging
import Synchronization
import Telemetry
import Testing

@Suite("Log lines")
struct LogTests {
    /// Keeps what is written.
    private final class Paper: Sendable {
        private let text = Mutex("")
        func write(_ line: String) { text.withLock { $0 += line } }
        var lines: [String] {
            text.withLock { $0.split(separator: "\n", omittingEmptySubsequences: false).map(String.init) }
        }
    }

    private func logger(_ part: String, _ levels: LogLevels, _ format: LineLogHandler.Format, _ paper: Paper) -> Logger
    {
        Logger(label: part) { LineLogHandler($0, levels, format) { paper.write($0) } }
    }

    @Test("The journal gets a level it understands, one line a message")
    func journal() {
        let paper = Paper()
        let logger = logger("layers", LogLevels(.trace), .journal, paper)
        for level in Logger.Level.allCases { logger.log(level: level, "said") }
        #expect(
            paper.lines == [
                "<7>layers: said", "<7>layers: said", "<6>layers: said", "<5>layers: said", "<4>layers: said",
                "<3>layers: said", "<2>layers: said", "",
            ])
    }

    @Test("A plain line begins with time, level and part")
    func plain() throws {
        let paper = Paper()
        logger("cri", LogLevels(.info), .plain, paper).info("hello", metadata: ["a": "1"])
        let line = try #require(paper.lines.first)
        #expect(line.wholeMatch(of: /\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z info cri: hello a=1/) != nil, "\(line)")
    }

    @Test("Fields are sorted, and values that are not one word are quoted")
    func fields() {
        let paper = Paper()
        var logger = logger("p", LogLevels(.info), .journal, paper)
        logger[metadataKey: "layer.digest"] = "sha256:ab"
        logger.info("m", metadata: ["b": "two words", "a": "", "q": "say \"x\\y\"", "list": ["1", "2"]])
        #expect(
            paper.lines.first
                == #"<6>p: m a="" b="two words" layer.digest=sha256:ab list="[\"1\", \"2\"]" q="say \"x\\y\"""#)
    }

    @Test("Text from outside cannot begin a line, nor speak to a terminal")
    func forgery() {
        let paper = Paper()
        let evil = "x\n<2>layers: forged\r\u{1B}[2J\u{85}\u{2028}\u{0}\tend"
        logger("p", LogLevels(.info), .journal, paper).info("\(evil)", metadata: ["e": "\(evil)"])
        #expect(paper.lines.count == 2)
        let safe = #"x\n<2>layers: forged\u{d}\u{1b}[2J\u{85}\u{2028}\u{0}\tend"#
        #expect(paper.lines.first == "<6>p: \(safe) e=\"\(safe)\"")
    }

    @Test("Levels of parts change while loggers live")
    func levels() {
        let paper = Paper()
        let levels = LogLevels(.warning, parts: ["layers": .debug])
        let (layers, store) = (logger("layers", levels, .journal, paper), logger("store", levels, .journal, paper))
        layers.debug("one")
        store.info("two")
        levels.set(.info, parts: ["layers": .error])
        layers.warning("three")
        store.info("four")
        var copy = store
        copy.logLevel = .critical
        copy.error("five")
        store.info("six")
        #expect(paper.lines == ["<7>layers: one", "<6>store: four", "<6>store: six", ""])
    }
}
