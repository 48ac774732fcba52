import Filters
import Testing

@Suite("Regular expressions")
struct PatternTests {
    @Test(
        "match what Go's match",
        arguments: [
            ("", ["", "x"], []),
            ("abc", ["abc", "xabcx"], ["ab", "ABC"]),
            ("^abc$", ["abc"], ["xabc", "abcx", ""]),
            ("a.c", ["abc", "aéc", "a c"], ["ac", "a\nc"]),
            ("^(foo|bar|)$", ["foo", "bar", ""], ["baz"]),
            ("^a*b+c?$", ["b", "aabbc"], ["a", "bcc", ""]),
            ("^a{2}$", ["aa"], ["a", "aaa"]),
            ("^a{2,}$", ["aa", "aaaaa"], ["a"]),
            ("^a{1,3}$", ["a", "aaa"], ["", "aaaa"]),
            ("^a{0}$", [""], ["a"]),
            ("^x{,3}$", ["x{,3}"], ["xxx"]),
            ("^[a-c-]+$", ["abc", "a-b"], ["d", ""]),
            ("^[^a-c]$", ["d", "]", "\n"], ["a", ""]),
            ("^[]a]+$", ["]a"], ["b"]),
            (#"^[\d_]+$"#, ["12_"], ["a"]),
            (#"^\w+\s\S\D\W$"#, ["ab1 xy."], ["ab1xy."]),
            (#"\bfoo\b"#, ["a foo b", "foo"], ["foot", "afoo"]),
            (#"t\B"#, ["foots"], ["foot"]),
            (#"^\.\x41\x{1F600}\t$"#, [".A\u{1F600}\t"], ["xA\u{1F600}\t"]),
            ("^(?:ab)+?$", ["ab", "abab"], ["aba"]),
            ("^(?P<n>a)(?<m>b)$", ["ab"], ["a"]),
            ("^(a*)*b$", ["b", "aab"], ["a"]),
            ("^(a|ab)(c|bcd)$", ["ac", "abcd", "abc"], ["ab"]),
            (#"\Aa\z"#, ["a"], ["a\n"]),
        ])
    func matching(pattern: String, yes: [String], no: [String]) throws {
        let parsed = try Pattern(pattern)
        for text in yes { #expect(parsed.matches(text), "'\(text)'") }
        for text in no { #expect(!parsed.matches(text), "'\(text)'") }
    }

    @Test(
        "what is none, or not supported, is refused",
        arguments: [
            "(", ")", "a)", "(a", "*", "+a", "a**", "a{3,2}", "a{1001}", "[", "[a", "[b-a]", "[[:alpha:]]", #"[\d-z"#,
            "\\", #"\q"#, #"\pL"#, #"\x4"#, #"\x{110000}"#, "(?i)a", "(?<n", #"\1"#,
        ])
    func refused(_ pattern: String) {
        let error = #expect(throws: FilterError.self) { try Pattern(pattern) }
        #expect(error?.code == .syntax)
    }

    @Test("no size in the text makes the machine large")
    func sizes() throws {
        let nested = String(repeating: "(", count: 1000) + String(repeating: ")", count: 1000)
        for pattern in ["((a{1000}){1000}){1000}", nested, String(repeating: "a", count: Pattern.maximumBytes + 1)] {
            let error = #expect(throws: FilterError.self) { try Pattern(pattern) }
            #expect(error?.code == .tooLarge)
        }
        // Nothing, a milliard times, is nothing.
        #expect(try Pattern("^(((){1000}){1000}){1000}$").matches(""))
    }

    @Test("expressions that keep backtracking machines busy for years end")
    func backtracking() throws {
        let text = String(repeating: "a", count: 500)
        for pattern in ["^(a|a)*b$", "^(a*)*b$", "^(a?){30}a{30}b$", "^(.*)*(.*)*(.*)*b$"] {
            #expect(try !Pattern(pattern).matches(text))
        }
    }
}
