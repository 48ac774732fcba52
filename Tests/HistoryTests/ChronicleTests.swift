import Foundation
import History
import OCI
import Testing

func digest(_ name: String) -> Digest { Digest(of: Array(name.utf8)) }

@Suite("The chronicle of pulls")
struct ChronicleTests {
    private func image(
        _ name: String = "a", layers: [(String, Int64)] = [("one", 1000), ("two", 3000)], here: Bool = false
    )
        -> StartedImage
    {
        StartedImage(
            name: "example.org/\(name):1", manifest: digest("m \(name)"), imageID: digest(name),
            layers: layers.map { .init(digest: digest($0.0), blobSize: $0.1, plan: "stream", isHere: here) })
    }

    private func pull(_ chronicle: Chronicle, _ image: StartedImage, pod: String = "web") -> PullTelling {
        let pull = chronicle.asked(image.name, by: Pod(uid: "uid-\(pod)", name: pod, namespace: "shop"))
        pull.decided("stream", reasons: ["indexFound: there is one"], index: UsedIndex(digest: nil, version: "own"))
        pull.starts(image)
        pull.mounted()
        return pull
    }

    @Test("Who asked, what was decided, and what came of it, is told as one")
    func whole() async throws {
        let chronicle = Chronicle()
        let telling = pull(chronicle, image())
        try await telling.following {}
        chronicle.fetched(0..<400, of: digest("one"), for: .reader)
        chronicle.fetched(400..<1000, of: digest("one"), for: .fill)
        chronicle.fetched(0..<3000, of: digest("two"), for: .pull)
        chronicle.fetched(0..<3000, of: digest("not of it"), for: .pull)
        let now = ContinuousClock.now
        chronicle.waited(
            digest("one"), node: 7, offset: 4096, from: now, to: now + .milliseconds(250), failed: false)
        chronicle.name([7: "/bin/sh"], in: digest("one"))
        for layer in ["one", "two"] { chronicle.arrived(digest(layer)) }

        let record = try #require(chronicle.pulls.first)
        #expect(record.pod?.description == "shop/web (uid-web)" && record.outcome == .done)
        #expect(record.strategy == "stream" && record.reasons == ["indexFound: there is one"])
        let start = try #require(record.start.flatMap(chronicle.start))
        #expect(start.fetched.reader == 400 && start.fetched.fill == 600 && start.fetched.pull == 3000)
        #expect(start.fetched.total == 4000)
        #expect(start.timeline.buckets.reduce(0) { $0 + $1.fetched.total } == 4000)
        #expect(start.waits.figures.count == 1 && start.waits.figures.longest == .milliseconds(250))
        let file = try #require(start.waits.slowest.first)
        #expect(file.path == "/bin/sh" && file.offsetOfLongest == 4096)
        #expect(start.complete != nil && start.firstRead != nil)
    }

    @Test("A pull that finds all here belongs to the start before it; else it begins one")
    func again() {
        let chronicle = Chronicle()
        _ = pull(chronicle, image())
        _ = pull(chronicle, image(here: true), pod: "second")
        _ = pull(chronicle, image(), pod: "third")
        let starts = chronicle.pulls.map(\.start)
        #expect(starts[1] == starts[2] && starts[0] != starts[1])
        // What happens now is the newest one's.
        chronicle.fetched(0..<10, of: digest("one"), for: .reader)
        #expect(starts[0].flatMap(chronicle.start)?.fetched.total == 10)
        #expect(starts[1].flatMap(chronicle.start)?.fetched.total == 0)
    }

    @Test("A pull that joined another has its start and its decision")
    func joined() {
        let chronicle = Chronicle()
        _ = pull(chronicle, image())
        let other = chronicle.asked("example.org/a:1", by: nil)
        other.joined("stream", reasons: ["indexFound: there is one"], of: digest("m a"))
        #expect(chronicle.pulls[0].joined && chronicle.pulls[0].start == chronicle.pulls[1].start)
        #expect(!chronicle.pulls[1].joined)
    }

    @Test("What is kept comes back; a pull that was under way was interrupted")
    func restarts() async throws {
        let chronicle = Chronicle()
        let first = pull(chronicle, image())
        try await first.following {}
        _ = pull(chronicle, image("b"), pod: "late")
        chronicle.fetched(0..<400, of: digest("one"), for: .reader)
        chronicle.looked(
            .init(start: try #require(chronicle.pulls[1].start), layer: digest("two"), cells: 3), isRead: [true])
        let changes = chronicle.changes(all: true)
        #expect(chronicle.changes(all: true).isEmpty)

        let next = Chronicle()
        next.restore(changes.documents + [.init(name: .init(kind: .start, id: 999), bytes: Array("{}".utf8))])
        #expect(next.pulls[1] == chronicle.pulls[1])
        #expect(next.pulls[0].outcome == .interrupted)
        let id = try #require(next.pulls[1].start)
        #expect(next.start(id) == chronicle.start(id))
        // What cannot be read is forgotten, and its number not given again.
        #expect(next.changes(all: true).forgotten.map(\.id) == [999])
        _ = next.asked("x", by: nil)
        #expect(next.pulls[0].id > 999)
        // It goes on where it was.
        next.fetched(0..<5, of: digest("one"), for: .fill)
        #expect(next.start(id)?.fetched.total == 405)
    }

    @Test("A failure is told, a caller that went away too")
    func failures() async throws {
        let chronicle = Chronicle()
        try? await chronicle.asked("a", by: nil).following { throw OCIError(.invalidDigest, "no such thing") }
        try? await chronicle.asked("b", by: nil).following { throw CancellationError() }
        #expect(chronicle.pulls.map(\.outcome) == [.interrupted, .failed])
        #expect(chronicle.pulls[1].failure?.contains("no such thing") == true)
    }

    @Test("Whatever happens, little is remembered")
    func bounds() {
        let chronicle = Chronicle()
        for number in 0..<400 {
            _ = pull(chronicle, image("\(number)", layers: [("layer \(number)", 1 << 40)]), pod: "pod \(number)")
        }
        #expect(chronicle.pulls.count == Limits.pulls)
        #expect(Set(chronicle.pulls.compactMap(\.start).compactMap { chronicle.start($0)?.id }).count == Limits.starts)
        let now = ContinuousClock.now
        for node in 0..<300 {
            for turn in 0..<10 {
                let from = now + .seconds(turn * 10)
                chronicle.waited(
                    digest("layer 399"), node: UInt32(node), offset: 0, from: from,
                    to: from + (node == 290 ? .seconds(5) : .milliseconds(1 + node % 7)), failed: false)
            }
            chronicle.fetched(Int64(node) << 30..<Int64(node + 1) << 30, of: digest("layer 399"), for: .reader)
        }
        let many = StartedImage(
            name: "many", manifest: digest("many"), imageID: digest("many"),
            layers: (0..<500).map { .init(digest: digest("l\($0)"), blobSize: 10 << 20, plan: "stream", isHere: false) }
        )
        _ = pull(chronicle, many)
        let documents = chronicle.changes(all: true).documents
        #expect(documents.allSatisfy { $0.bytes.count < 200_000 })
        let start = chronicle.pulls[1].start.flatMap(chronicle.start)
        #expect(start?.waits.files.count == Limits.files && start?.waits.figures.count == 3000)
        // What is slow is kept, however late it comes.
        #expect(start?.waits.slowest.first?.node == 290)
        #expect(
            (start?.waits.others.count ?? 0) + (start?.waits.files.reduce(0) { $0 + $1.figures.count } ?? 0) == 3000)
    }

    @Test("Hostile texts are cut, no pod is no pod")
    func texts() {
        #expect(Pod(uid: "", name: "", namespace: "x") == nil)
        let pod = Pod(uid: "u", name: String(repeating: "n", count: 10_000), namespace: "")
        #expect(pod?.name.unicodeScalars.count == Limits.text)
        #expect(Limits.cut("/a" + String(repeating: "/b", count: 600) + "/end").hasSuffix("/end"))
    }
}

@Suite("Time of the history")
struct HistoryTimeTests {
    @Test("Buckets follow each other without gap, fine first, few in all")
    func buckets() {
        var end = Moment.zero
        for number in 0..<400 {
            let span = FetchTimeline.span(number)
            guard span.lowerBound == end else {
                #expect(number < 260, "the last bucket")
                break
            }
            #expect(span.lowerBound < span.upperBound)
            end = span.upperBound
        }
        #expect(end.elapsed > .seconds(30 * 86_400))
        #expect(FetchTimeline.span(0).upperBound.elapsed == .milliseconds(100))
    }

    @Test("Times of day come back as they were, whatever their fraction")
    func wallTimes() throws {
        for milliseconds in stride(from: 1_796_000_000_000.0, to: 1_796_000_002_000, by: 1) {
            let time = WallTime(Date(timeIntervalSince1970: milliseconds / 1000))
            let bytes = try OCIDocument.encode([time])
            #expect(try OCIDocument.decode([WallTime].self, from: bytes, what: "time", error: .invalidConfig) == [time])
        }
        #expect(WallTime(Date(timeIntervalSince1970: 1.05)).description == "1970-01-01T00:00:01.050Z")
        for text in ["", "Z", "1970-01-01T00:00:01Z", "1970-01-01T00:00:01.0500Z", "x.000Z"] {
            #expect(throws: OCIError.self) {
                try OCIDocument.decode(
                    [WallTime].self, from: Array(#"["\#(text)"]"#.utf8), what: "time", error: .invalidConfig)
            }
        }
    }

    @Test("Moments are seconds in documents")
    func moments() throws {
        let moment = Moment(.milliseconds(1250))
        #expect(try OCIDocument.encode([moment]) == Array("[1.25]".utf8))
        #expect(Moment(.seconds(-5)) == .zero)
        #expect(Moment(.seconds(Int64.max)).seconds > 1e12)
        #expect(throws: OCIError.self) {
            try OCIDocument.decode([Moment].self, from: Array("[-1]".utf8), what: "moment", error: .invalidConfig)
        }
    }
}
