import OCI
import Report
import Testing

@testable import imagelet

@Suite("Texts")
struct TextTests {
    @Test(
        "bytes",
        arguments: [
            (UInt64(0), "0 B"), (1023, "1023 B"), (1024, "1.0 KiB"), (1536, "1.5 KiB"), (262_144_000, "250.0 MiB"),
            (262_143_999, "249.9 MiB"), (1 << 30, "1.0 GiB"), (.max, "15.9 EiB"),
        ])
    func bytes(count: UInt64, text: String) { #expect(Measures.bytes(count) == text) }

    @Test(
        "percent",
        arguments: [
            (UInt64(0), UInt64(0), "100%"), (0, 1, "0%"), (999, 1000, "99%"), (1000, 1000, "100%"), (5, 4, "100%"),
            (.max - 1, .max, "99%"),
        ])
    func percent(part: UInt64, whole: UInt64, text: String) { #expect(Measures.percent(part, of: whole) == text) }

    @Test(
        "durations",
        arguments: [
            (Int64(-1), "0s"), (0, "0s"), (59, "59s"), (60, "1m00s"), (125, "2m05s"), (3600, "1h00m"),
            (12_000, "3h20m"),
            (187_200, "2d4h"),
        ])
    func duration(seconds: Int64, text: String) { #expect(Measures.duration(seconds: seconds) == text) }

    @Test("short durations have tenths")
    func seconds() {
        #expect(Measures.seconds(.milliseconds(449)) == "0.4s")
        #expect(Measures.seconds(.milliseconds(59_999)) == "59.9s")
        #expect(Measures.seconds(.seconds(60)) == "1m00s")
    }

    @Test(
        "digests are shortened",
        arguments: [("sha256:0123456789abcdef", "0123456789ab"), ("<none>", "<none>"), ("", "")])
    func digest(digest: String, text: String) { #expect(Measures.shortDigest(digest) == text) }

    @Test("a table is as wide as it has to be, and has no blanks at line ends")
    func table() {
        let table = Table(
            columns: [.left("NAME"), .right("SIZE"), .left("NOTE")],
            rows: [["a", "1 B", ""], ["a long name", "1023 B", "naïve"]])
        #expect(
            table.text == """
                NAME           SIZE  NOTE
                a               1 B
                a long name  1023 B  naïve

                """)
    }

    @Test("an empty first cell keeps its place")
    func emptyCell() {
        let table = Table(columns: [.left("A"), .left("B")], rows: [["", "x"]])
        #expect(table.text == "A  B\n   x\n")
    }

    @Test("names are taken apart at the right colon")
    func names() {
        let port = ImageName(tagged: "localhost:5000/a/b:1.0")
        #expect(port.repository == "localhost:5000/a/b" && port.tag == "1.0")
        let untagged = ImageName(tagged: "localhost:5000/a")
        #expect(untagged.repository == "localhost:5000/a" && untagged.tag == "<none>")
        let digested = ImageName(digested: "example.org/a@sha256:00")
        #expect(digested.repository == "example.org/a" && digested.digest == "sha256:00" && digested.tag == "<none>")
        #expect(ImageName(digested: nil).repository == "<none>")
    }

    @Test("JSON inside of JSON is JSON")
    func json() throws {
        let text = #"{"a":[1,-2.5,"x/y",null,true],"b":{}}"#
        let value = try #require(JSONValue(parsing: text))
        #expect(
            value
                == .object([
                    "a": .array([.integer(1), .number(-2.5), .string("x/y"), .null, .bool(true)]), "b": .object([:]),
                ]))
        #expect(JSONValue(parsing: try JSONText.of(value)) == value)
        #expect(JSONValue(parsing: "not json") == nil)
    }
}
