import HTTP
import TestSupport
import Testing

/// The client behind a proxy that does harm; and the proxy itself. One blob of a real registry is asked for each time.
@Suite struct FaultyProxyTests {
    private struct Case {
        var proxy: FaultyProxy
        var client: HTTPClient
        var url: String
        var path: String
        let blob: [UInt8]

        func get(_ range: Range<Int64>? = nil, _ timeouts: Timeouts = Timeouts()) async throws -> HTTPResponse {
            try await client.send(HTTPRequest(.get, url, range: range, timeouts: timeouts), maxBody: 1 << 20)
        }
    }

    private func withBlob(_ faults: [FaultRule], _ body: (Case) async throws -> Void) async throws {
        try await withTestRegistry { registry in
            let blob = pattern(300_000)
            let path = "/v2/team/app/blobs/\(try registry.push(blob: blob, to: "team/app"))"
            try await withFaultyProxy(upstreamPort: registry.port, faults: faults) { proxy in
                let client = HTTPClient()
                defer { client.shutdown() }
                try await body(
                    Case(proxy: proxy, client: client, url: "http://\(proxy.host)\(path)", path: path, blob: blob))
            }
        }
    }

    @Test func passesThingsThroughAndWritesThemDown() async throws {
        try await withBlob([]) { it in
            let (whole, part) = (try await it.get(), try await it.get(5..<10))
            #expect(whole.body == it.blob && part.body == Array(it.blob[5..<10]))
            let requests = it.proxy.requests
            #expect(requests.map(\.range) == [nil, "bytes=5-9"])
            #expect(requests.allSatisfy { $0.method == "GET" && $0.path == it.path && $0.authorization == nil })
            #expect((300_005..<302_000).contains(it.proxy.link.carried))
        }
    }

    /// Faults that end in an error of the client's.
    @Test(arguments: [
        (Fault.truncate(after: 70_000), HTTPError.Code.reset), (.reset(after: 70_000), .reset),
        (.reset(after: nil), .reset),
        (.stall(after: 70_000), .idle), (.stall(after: nil), .timeout), (.wrongLength(by: 5), .reset),
        (.endless, .bodyTooLarge),
    ])
    func breaksAnswers(fault: Fault, code: HTTPError.Code) async throws {
        // The client itself tries a second time when a kept connection is reset before the head; so it gets a new one here.
        try await withBlob([FaultRule(fault)]) { it in
            let timeouts = Timeouts(responseHead: .milliseconds(300), idle: .milliseconds(300))
            let error = await #expect(throws: HTTPError.self) { try await it.get(nil, timeouts) }
            #expect(error?.code == code)
            #expect(error?.isTransient == (code != .bodyTooLarge))
            it.proxy.removeFaults()
            let good = try await it.get()
            #expect(good.body == it.blob)
        }
    }

    /// Faults that only who reads the answer can see.
    @Test func liesInAnswers() async throws {
        try await withBlob([]) { it in
            func get(_ fault: Fault) async throws -> HTTPResponse {
                it.proxy.removeFaults()
                it.proxy.add(FaultRule(fault, path: it.path, range: "bytes=1000-", times: 1))
                return try await it.get(1_000..<2_000)
            }
            let corrupt = try await get(.corrupt(at: 10))
            var expected = Array(it.blob[1_000..<2_000])
            expected[10] ^= 0xFF
            #expect(corrupt.body == expected)
            let wrongRange = try await get(.contentRange("bytes 0-999/300000"))
            #expect(wrongRange.headers.first(of: "Content-Range") == "bytes 0-999/300000")
            let ignored = try await get(.ignoreRange)
            #expect(ignored.status == 200 && ignored.body == it.blob)
            let short = try await get(.shorten(to: 300))
            #expect(short.status == 206 && short.body == Array(it.blob[1_000..<1_300]))
            #expect(short.headers.first(of: "Content-Range") == "bytes 1000-1299/300000")
            let limited = try await get(.status(429, headers: ["Retry-After": "2"], body: "<html>slow down</html>"))
            #expect(limited.status == 429 && limited.headers.first(of: "Retry-After") == "2")
            // The rule was for one request.
            let good = try await it.get(1_000..<2_000)
            #expect(good.body == Array(it.blob[1_000..<2_000]))
        }
    }

    @Test func signedURLsExpire() async throws {
        let rule = FaultRule(.redirect(to: .storage(uses: 2, expired: .expiredToken)), path: "/blobs/")
        try await withBlob([rule]) { it in
            let redirect = try await it.get()
            #expect(redirect.status == 307)
            let location = try #require(redirect.headers.first(of: "Location"))
            #expect(location.hasPrefix("http://\(it.proxy.storageHost)\(it.path)?"))
            func ask(_ url: String, _ headers: [HTTPHeader] = []) async throws -> HTTPResponse {
                try await it.client.send(HTTPRequest(.get, url, headers: headers, range: 7..<9), maxBody: 1 << 20)
            }
            for _ in 0..<2 {
                let served = try await ask(location)
                #expect(served.status == 206 && served.body == Array(it.blob[7..<9]))
            }
            let expired = try await ask(location)
            #expect(expired.status == 400 && String(decoding: expired.body, as: UTF8.self).contains("ExpiredToken"))
            let leaking = try await ask(location, [HTTPHeader("Authorization", "Basic x")])
            #expect(leaking.status == 400)
            #expect(it.proxy.requests.last?.authorization == "Basic x" && it.proxy.requests.last?.onStorage == true)
            let unsigned = try await ask("http://\(it.proxy.storageHost)\(it.path)")
            #expect(unsigned.status == 403)
        }
    }

    @Test func ruleCountsAndDraws() async throws {
        let rules = [
            FaultRule(.status(503), skip: 1, times: 1),
            FaultRule(.status(500), range: "bytes=9-", probability: 0.5, seed: 7),
        ]
        try await withBlob(rules) { it in
            var statuses: [Int] = []
            for _ in 0..<3 { statuses.append(try await it.get(0..<2).status) }
            #expect(statuses == [206, 503, 206])
            statuses = []
            for _ in 0..<40 { statuses.append(try await it.get(9..<10).status) }
            #expect(Set(statuses) == [206, 500])
        }
    }

    @Test func aTimelineIsItsSeeds() {
        let timeline = FaultTimeline(seed: 7, lasting: .seconds(300))
        #expect(timeline == FaultTimeline(seed: 7, lasting: .seconds(300)))
        #expect(timeline.spells != FaultTimeline(seed: 8, lasting: .seconds(300)).spells)
        #expect(timeline.troubles(from: .zero, to: .seconds(300)) == Set(FaultTimeline.Trouble.allCases))
        #expect(timeline.spells.allSatisfy { $0.start < $0.end && $0.end <= .seconds(300) })
    }

    @Test func aTimelineIsPlayedAndLeavesNothing() async throws {
        try await withBlob([]) { it in
            let timeline = FaultTimeline(seed: 1, lasting: .seconds(3600), troubles: [.brownOut])
            let playing = Task { try await it.proxy.play(timeline) }
            try await eventually("a request is refused") { (try? await it.get())?.head.status != 200 }
            playing.cancel()
            _ = await playing.result
            #expect(try await it.get().body == it.blob)
        }
    }

    /// 12.5 MB/s over the link, 40 ms there and back: no less time than that, however many connections share it.
    @Test func linkHasARateAndADelay() async throws {
        try await withTestRegistry { registry in
            let blob = pattern(1_000_000)
            let path = "/v2/a/blobs/\(try registry.push(blob: blob, to: "a"))"
            let link = Link(megabitsPerSecond: 100, roundTrip: .milliseconds(40))
            try await withFaultyProxy(upstreamPort: registry.port, link: link) { proxy in
                let client = HTTPClient()
                defer { client.shutdown() }
                let start = ContinuousClock.now
                try await withThrowingTaskGroup(of: Void.self) { group in
                    for _ in 0..<4 {
                        group.addTask {
                            let whole = try await client.send(
                                HTTPRequest(.get, "http://\(proxy.host)\(path)"), maxBody: 1 << 20)
                            #expect(whole.body == blob)
                        }
                    }
                    try await group.waitForAll()
                }
                #expect(ContinuousClock.now - start >= .milliseconds(4_000_000 / 12_500 + 80 - 20))
            }
        }
    }
}
