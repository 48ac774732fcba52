import Testing

@testable import TOML

@Suite struct TOMLTests {
    static let values: [(text: String, expected: TOMLNode)] = [
        (#""a\tb\u00e9\U0001F600\\\"""#, .string("a\tbé😀\\\"")), ("'a\\b'", .string("a\\b")), ("\"\"", .string("")),
        ("''", .string("")),
        ("\"\"\"\na\nb\"\"\"", .string("a\nb")), ("'''\r\na'b''c'''", .string("a'b''c")), ("\"\"\"\"\"\"", .string("")),
        ("\"\"\"a\"\"\"\"\"", .string("a\"\"")), ("\"\"\"a \\\n   b\"\"\"", .string("a b")), ("true", .bool(true)),
        ("false", .bool(false)),
        ("[]", .array([])), ("[1, 'a', # no\n true,\n]", .array([.other("1"), .string("a"), .bool(true)])),
        ("[[1],[]]", .array([.array([.other("1")]), .array([])])), ("-1_000", .other("-1_000")),
        ("0xff", .other("0xff")), ("1.5e-3", .other("1.5e-3")),
        ("+inf", .other("+inf")), ("1979-05-27 07:32:00Z", .other("1979-05-27 07:32:00Z")),
        ("1979-05-27T07:32:00.5-07:00", .other("1979-05-27T07:32:00.5-07:00")),
        ("07:32:00", .other("07:32:00")),
    ]

    @Test(arguments: values) func readsValues(text: String, expected: TOMLNode) throws {
        #expect(try TOMLTable(parsing: "a = \(text) # end\nb = 1")["a"] == expected)
    }

    @Test func keepsOrder() throws {
        let table = try TOMLTable(
            parsing: "z = 1\n[y.b]\n[x]\n\"q r\".s = 1\n[y.a]\n[y]\nc = { e = 1, 'd d' = 2 }\n[[w]]\n[[w]]\nk = true\n")
        #expect(table.names == ["z", "y", "x", "w"])
        guard case .table(let y)? = table["y"], case .table(let c)? = y["c"], case .array(let w)? = table["w"] else {
            Issue.record("\(table)")
            return
        }
        #expect(y.names == ["b", "a", "c"])
        #expect(c.names == ["e", "d d"])
        #expect(w.count == 2)
    }

    @Test(arguments: [
        "a", "a =", "= 1", "a = 1 b = 2", "a = 1\na = 2", "[a", "[a]]", "[[a]", "[]", "[a]\n[a]", "a = 1\n[a]",
        "a = {}\n[a.b]",
        "a.b = 1\na.b.c = 2", "[[[[", "a = \"x", "a = 'x\n'", "a = \"\"\"x\"\"", "a = \"\\q\"", "a = \"\\ud800\"",
        "a = \"\u{1}\"",
        "a = [1 2]", "a = [1", "a = {b = 1", "a = {b = 1,}", "a = {b = 1, b = 2}", "a = yes", "a = -", "a = .5",
        "\"\"\"a\"\"\" = 1",
        "a = 1\n[[a]]", "[a]\n[[a]]", "[a", "a = \"\\u12\"",
    ])
    func refuses(_ text: String) {
        #expect { try TOMLTable(parsing: text) } throws: { "\($0)".hasPrefix("line ") }
    }

    @Test func depthAndSizeAreBounded() throws {
        for text in [
            "a = " + String(repeating: "[", count: 500_000), "a = " + String(repeating: "{a=", count: 300_000),
            "[" + String(repeating: "a.", count: 400_000) + "a]",
        ] {
            #expect(throws: TOMLError.self) { try TOMLTable(parsing: text) }
        }
        let wide = (0..<50_000).map { "k\($0) = 1\n" }.joined()
        #expect(try TOMLTable(parsing: wide).names.count == 50_000)
    }
}
