import HTTP
import OCI
import Testing

@testable import Distribution

/// The decisions, without I/O and without time.
@Suite struct ValueTests {
    // MARK: Retry

    @Test(
        arguments: [
            (tries: 1, spent: 0, after: nil, random: 0.5, expected: 50), (2, 0, nil, 0.5, 100), (3, 0, nil, 1, 400),
            (5, 0, nil, 0, 0), (6, 0, nil, 0.5, nil), (2, 59_950, nil, 0.5, nil), (1, 0, 2000, 0.5, 2000),
            (1, 58_500, 2000, 0.5, nil), (1, 0, 3_600_000, 0, nil),
        ] as [(tries: Int, spent: Int, after: Int?, random: Double, expected: Int?)])
    func backsOff(tries: Int, spent: Int, after: Int?, random: Double, expected: Int?) {
        let delay = RetryPolicy().delay(
            tries: tries, spent: .milliseconds(spent), retryAfter: after.map { .milliseconds($0) }, random: random)
        #expect(delay == expected.map { .milliseconds($0) })
    }

    @Test func waitsAreCapped() {
        let policy = RetryPolicy(attempts: 1000, budget: .seconds(1000))
        #expect(policy.delay(tries: 900, spent: .zero, retryAfter: nil, random: 1) == .seconds(10))
    }

    @Test(
        arguments: [
            ("2", nil, 2), (" 3 ", nil, 3), ("-5", nil, 0), ("999999999999", nil, 86400), ("soon", nil, nil),
            ("", nil, nil),
            ("Sun, 06 Nov 1994 08:49:47 GMT", "Sun, 06 Nov 1994 08:49:37 GMT", 10),
            ("Sun, 06 Nov 1994 08:49:27 GMT", "Sun, 06 Nov 1994 08:49:37 GMT", 0),
            ("Tue, 01 Mar 2016 00:00:00 GMT", "Mon, 29 Feb 2016 23:59:00 GMT", 60),
            ("Sun, 06 Nov 1994", "Sun, 06 Nov 1994 08:49:37 GMT", nil),
        ] as [(String, String?, Int?)])
    func readsRetryAfter(text: String, date: String?, seconds: Int?) {
        var headers = HTTPHeaders([HTTPHeader("retry-after", text)])
        if let date { headers.add(HTTPHeader("Date", date)) }
        #expect(RetryAfter.duration(headers) == seconds.map { .seconds($0) })
    }

    @Test(
        arguments: [
            ("Thu, 01 Jan 1970 00:00:00 GMT", 0), ("Sun, 06 Nov 1994 08:49:37 GMT", 784_111_777),
            ("Sat, 29 Feb 2020 12:00:00 GMT", 1_582_977_600), ("Fri, 31 Dec 9999 23:59:59 GMT", 253_402_300_799),
            ("Sun, 06 Nov 1994 08:49:37 CET", nil), ("Sun, 06 Nov 1994 24:49:37 GMT", nil),
            ("Sun, 32 Nov 1994 08:49:37 GMT", nil),
            ("", nil), ("Sun, 06 Nov 99999999999999999999 08:49:37 GMT", nil),
        ] as [(String, Int64?)])
    func readsDates(text: String, seconds: Int64?) { #expect(HTTPDate.seconds(text) == seconds) }

    // MARK: Ranges

    @Test(
        arguments: [
            ("bytes 10-19/100", 10..<20, 100), ("Bytes 0-0/1", 0..<1, 1), ("bytes 0-9/*", 0..<10, nil),
        ] as [(String, Range<Int64>, Int64?)])
    func readsContentRange(text: String, range: Range<Int64>, total: Int64?) {
        #expect(ContentRange(text)?.range == range)
        #expect(ContentRange(text)?.total == total)
    }

    @Test(arguments: [
        "", "bytes", "bytes */100", "bytes 19-10/100", "bytes 0-100/100", "bytes -1-5/100", "items 0-1/2", "bytes 0-1",
        "bytes 0-9223372036854775807/*", "bytes 0-1/2/3", "bytes +0-1/2", "bytes 0-1/2, 3-4/5",
    ])
    func refusesContentRange(_ text: String) { #expect(ContentRange(text) == nil) }

    static func head(_ status: Int, _ headers: [String: String] = [:]) -> HTTPResponseHead {
        HTTPResponseHead(status: status, headers: HTTPHeaders(headers.map { HTTPHeader($0.key, $0.value) }), url: "")
    }

    @Test func cutsBodiesToWhatWasAsked() throws {
        var part = RangeReader(wanted: 10..<20, size: 100, mayDropBeginning: false, host: "h")
        let accepted = try part.accept(Self.head(206, ["Content-Range": "bytes 10-14/100"]))
        let first = try part.take([1, 2, 3])
        #expect(accepted && Array(first) == [1, 2, 3] && !part.isSatisfied)
        #expect(throws: HostFailure.self) { try part.take([4, 5, 6]) }

        var whole = RangeReader(wanted: 3..<5, size: 8, mayDropBeginning: true, host: "h")
        _ = try whole.accept(Self.head(200))
        var pieces: [[UInt8]] = []
        for piece in [[0, 1], [2, 3], [4, 5, 6]] as [[UInt8]] { pieces.append(Array(try whole.take(piece))) }
        #expect(pieces == [[], [3], [4]])
        #expect(whole.isSatisfied)

        var refused = RangeReader(wanted: 3..<5, size: 8, mayDropBeginning: false, host: "h")
        let isBody = try refused.accept(Self.head(404))
        #expect(!isBody)
        #expect { try refused.accept(Self.head(200)) } throws: { ($0 as? HostFailure)?.lacksRanges == true }
        var short = RangeReader(wanted: 0..<5, size: 8, mayDropBeginning: false, host: "h")
        #expect(throws: HostFailure.self) { try short.accept(Self.head(200, ["Content-Length": "7"])) }
        #expect(throws: HostFailure.self) {
            try short.accept(Self.head(206, ["Content-Range": "bytes 0-4/8", "Content-Length": "6"]))
        }
        #expect(throws: HostFailure.self) { try short.accept(Self.head(206)) }
    }

    @Test(
        arguments: [
            ("X-Amz-Date=x&X-Amz-Expires=3600&X-Amz-Signature=y", 2880), ("x-goog-expires=100", 80), ("se=2026", nil),
            (nil, nil),
            ("X-Amz-Expires=-1", nil), ("X-Amz-Expires=x", nil),
        ] as [(String?, Int?)])
    func readsLifeOfSignedURLs(query: String?, seconds: Int?) {
        #expect(SignedURL.life(query: query) == seconds.map { .seconds($0) })
    }

    // MARK: Redirects

    @Test(arguments: [
        ("https://other.example/x?y", "https://other.example/x?y", false), ("/x", "https://r.example/x", true),
        ("//o.example/x", "https://o.example/x", false), ("https://r.example:443/x", "https://r.example:443/x", true),
        ("https://r.example:444/x", "https://r.example:444/x", false),
    ])
    func followsRedirects(location: String, url: String, isSame: Bool) throws {
        let from = try HTTPURL("https://r.example/v2/a")
        let step = try RedirectPolicy.next(from: from, location: location, origin: from.origin, hops: 0)
        #expect(step.url.origin == (try HTTPURL(url)).origin)
        #expect(step.isSameOrigin == isSame)
    }

    @Test(arguments: [nil, "", "http://r.example/x", "http://other.example/", "ftp://x/", "https://u:p@r.example/"])
    func refusesRedirects(location: String?) throws {
        let from = try HTTPURL("https://r.example/v2/a")
        #expect(throws: RegistryError.self) {
            try RedirectPolicy.next(from: from, location: location, origin: from.origin, hops: 0)
        }
        #expect(throws: RegistryError.self) {
            try RedirectPolicy.next(from: from, location: "/x", origin: from.origin, hops: RedirectPolicy.limit)
        }
    }

    // MARK: Tokens

    @Test(arguments: [
        (#"{"token":"t"}"#, 60), (#"{"access_token":"t","expires_in":300}"#, 300),
        (#"{"token":"t","expires_in":0}"#, 60),
        (#"{"token":"t","expires_in":-5}"#, 60), (#"{"token":"t","expires_in":1e12}"#, 86400),
        (#"{"token":"","access_token":"t","expires_in":90,"issued_at":"1999-01-01T00:00:00Z"}"#, 90),
    ])
    func readsTokens(body: String, life: Int) throws {
        let token = try Token(parsing: Array(body.utf8), receivedAt: .seconds(1000), host: "h")
        #expect(token == Token(text: "t", life: .seconds(life), receivedAt: .seconds(1000)))
    }

    @Test(arguments: [(300, 225), (60, 30), (3600, 2700), (100, 70), (20, 10)])
    func renewsEarly(life: Int, at seconds: Int) {
        #expect(Token(text: "t", life: .seconds(life), receivedAt: .zero).renewAt == .seconds(seconds))
    }

    @Test func scopes() {
        let needed = TokenScope(repository: "a/b", actions: ["push", "pull"])
        #expect(needed.text == "repository:a/b:pull,push")
        #expect(TokenScope("repository:host:5000/a:pull")?.resource == "repository:host:5000/a")
        let merged = TokenScope.merged(challenge: "repository:a/b:pull registry:catalog:* nonsense", needed: needed)
        #expect(merged.map(\.text) == ["registry:catalog:*", "repository:a/b:pull,push"])
        #expect(TokenScope.merged(challenge: nil, needed: needed) == [needed])
    }

    @Test func tokensOfCredentialsThatAreNoMoreAreForgotten() {
        var store = TokenStore()
        let pull = TokenScope(repository: "a", actions: ["pull"])
        func key(_ number: Int) -> TokenKey {
            TokenKey(
                realm: "r", service: nil, scopes: [pull], credential: .basic(user: "u", password: "\(number)"))
        }
        for number in 0..<100 {
            let token = Token(text: "\(number)", life: .seconds(300), receivedAt: .seconds(100 * number))
            store.keep(token, for: key(number), usesForm: true)
        }
        #expect(store.size == 3)
        #expect(store.token(key(99), now: .seconds(9900))?.text == "99")
        // However many are good at a time.
        for number in 0..<2 * TokenStore.limit {
            store.keep(Token(text: "t", life: .seconds(300), receivedAt: .zero), for: key(number), usesForm: true)
        }
        #expect(store.size <= TokenStore.limit)
    }

    @Test func remembersDemandsAndTokens() {
        var store = TokenStore()
        let pull = TokenScope(repository: "a", actions: ["pull"])
        let other = TokenScope(repository: "b", actions: ["pull"])
        let challenge = Challenge(
            scheme: "bearer", parameters: ["realm": "r", "scope": "repository:a:pull", "error": "x"])
        #expect(store.demand(at: "h", needed: pull) == nil)
        let news = [store.learn(challenge, at: "h", needed: pull), store.learn(challenge, at: "h", needed: pull)]
        #expect(news == [true, false])
        // What a registry wants for one repository is tried for the next, with that one's scope.
        #expect(store.demand(at: "h", needed: other)?.scopes == [other])
        let key = TokenKey(realm: "r", service: nil, scopes: [pull], credential: nil)
        store.keep(Token(text: "t", life: .seconds(300), receivedAt: .zero), for: key, usesForm: false)
        #expect(store.token(key, now: .seconds(224))?.text == "t")
        #expect(store.token(key, now: .seconds(225)) == nil)
        #expect(store.oldToken(key, now: .seconds(299))?.text == "t")
        #expect(store.oldToken(key, now: .seconds(300)) == nil)
        #expect(!store.usesForm("r"))
        store.drop("another", for: key)
        #expect(store.token(key, now: .zero) != nil)
        store.drop("t", for: key)
        #expect(store.token(key, now: .zero) == nil)
    }

    // MARK: Texts

    @Test func readsCPUFlags() {
        let text = "processor\t: 0\nflags\t\t: fpu vme  avx\nbugs\t\t: x\n\nflags\t\t: other\n"
        #expect(HostPlatform.flags(text) == ["fpu", "vme", "avx"])
        #expect(HostPlatform.flags("") == [])
        #expect(HostPlatform.current.architecture == Platform.host.architecture)
    }

    @Test(
        arguments: [
            (#"{"errors":[{"code":"DENIED","message":"no"}]}"#, "DENIED: no"), (#"{"errors":[]}"#, nil),
            ("<html>", nil), ("", nil),
            (#"{"errors":[{"message":"a\u0007b"}]}"#, "a b"),
        ] as [(String, String?)])
    func readsErrorBodies(body: String, summary: String?) { #expect(ErrorBody.summary(Array(body.utf8)) == summary) }

    @Test(
        arguments: [
            ([#"<a?x=1>; rel="next""#], "a?x=1"), (["<a>; rel=prev, <b>; rel=next"], "b"),
            (["<a>; title=x; rel=NEXT"], "a"),
            (["<a>"], nil), ([""], nil), (["<a; rel=next"], nil), (["<x>; rel=\"prev\"", "<y>; rel=\"next\""], "y"),
        ] as [([String], String?)])
    func readsLinks(values: [String], next: String?) { #expect(LinkHeader.next(values) == next) }
}
