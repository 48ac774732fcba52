import Distribution
import Testing

@Suite struct ChallengeTests {
    struct Case: Sendable, CustomTestStringConvertible {
        let name: String
        let headers: [String]
        let expected: [Challenge]
        var testDescription: String { name }
    }

    static func bearer(_ parameters: [String: String]) -> Challenge {
        Challenge(scheme: "bearer", parameters: parameters)
    }
    static let full = bearer([
        "realm": "https://a.example/token", "service": "reg", "scope": "repository:t/a:pull,push",
    ])

    static let cases: [Case] = [
        Case(
            name: "quoted",
            headers: [#"Bearer realm="https://a.example/token",service="reg",scope="repository:t/a:pull,push""#],
            expected: [full]),
        Case(
            name: "blanks",
            headers: [
                #"Bearer  realm = "https://a.example/token" , service= "reg",  scope="repository:t/a:pull,push" "#
            ],
            expected: [full]),
        Case(
            name: "lower-case scheme, upper-case keys",
            headers: [#"bearer REALM="https://a.example/token",Service="reg",SCOPE="repository:t/a:pull,push""#],
            expected: [full]),
        Case(
            name: "unquoted",
            headers: ["Bearer realm=https://a.example/token,service=reg,scope=repository:t/a:pull,push"],
            expected: [full]),
        Case(
            name: "escapes", headers: [#"Bearer realm="https://a.example/\"x\\y""#],
            expected: [bearer(["realm": #"https://a.example/"x\y"#])]),
        Case(
            name: "basic", headers: [#"Basic realm="r, s""#],
            expected: [Challenge(scheme: "basic", parameters: ["realm": "r, s"])]),
        Case(
            name: "two in one header",
            headers: [#"Basic realm="r", Bearer realm="https://a.example/token",service="reg""#],
            expected: [
                Challenge(scheme: "basic", parameters: ["realm": "r"]),
                bearer(["realm": "https://a.example/token", "service": "reg"]),
            ]),
        Case(
            name: "two headers", headers: [#"Basic realm="r""#, #"Bearer realm="x""#],
            expected: [Challenge(scheme: "basic", parameters: ["realm": "r"]), bearer(["realm": "x"])]),
        Case(
            name: "token68 first", headers: [#"Negotiate abc/d==, Bearer realm="x""#],
            expected: [Challenge(scheme: "negotiate"), bearer(["realm": "x"])]),
        Case(
            name: "bare scheme", headers: [#"Negotiate, Basic realm="r", NTLM"#],
            expected: [
                Challenge(scheme: "negotiate"), Challenge(scheme: "basic", parameters: ["realm": "r"]),
                Challenge(scheme: "ntlm"),
            ]),
        Case(
            name: "error added", headers: [#"Bearer realm="x",error="invalid_token""#],
            expected: [bearer(["realm": "x", "error": "invalid_token"])]),
        Case(
            name: "quote never closed", headers: [#"Bearer realm="https://x"#],
            expected: [bearer(["realm": "https://x"])]),
        Case(
            name: "empty elements", headers: [#", ,Bearer realm="x",,service="s","#],
            expected: [bearer(["realm": "x", "service": "s"])]),
        Case(name: "nothing", headers: ["", " , ", "=\"\""], expected: []),
        Case(
            name: "first of repeated keys", headers: [#"Bearer realm="a",realm="b""#],
            expected: [bearer(["realm": "a"])]),
    ]

    @Test(arguments: cases) func parses(_ test: Case) { #expect(Challenge.parse(test.headers) == test.expected) }

    @Test func prefersBearer() {
        let basic = Challenge(scheme: "basic", parameters: ["realm": "r"])
        #expect(Challenge.preferred([basic, Self.full]) == Self.full)
        #expect(Challenge.preferred([basic, Challenge(scheme: "bearer")]) == basic)
        #expect(Challenge.preferred([Challenge(scheme: "negotiate")]) == nil)
    }

    @Test func longHeadersEnd() {
        let headers = [String(repeating: "a=\"b\",", count: 100_000), String(repeating: "\\\"", count: 100_000)]
        #expect(Challenge.parse(headers).count < 20_000)
    }
}
