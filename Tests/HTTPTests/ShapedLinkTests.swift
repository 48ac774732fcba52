import Foundation
import HTTP
import TestSupport
import Testing

/// The link that scripts put before a registry (`hack/shaped-link`).
@Suite struct ShapedLinkTests {
    private struct Counts: Decodable {
        var down, up, connections, requests: Int
    }

    private static let script = URL(fileURLWithPath: #filePath).deletingLastPathComponent()
        .appending(path: "../../hack/shaped-link").standardizedFileURL.path

    @Test(arguments: [[], ["--rate", "80mbit", "--rtt", "20ms"]])
    func carriesBytesUnchangedAndNoFasterThanSaid(options: [String]) async throws {
        try await withTemporaryDirectory { directory in
            let blob = pattern(2_000_000)
            let server = try ScriptedServer { _, connection in
                try connection.answer(200, body: blob)
                return true
            }
            let counts = directory + "/counts"
            let link = try ChildProcess(
                [Self.script, "--listen", "127.0.0.1:0", "--to", "127.0.0.1:\(server.port)", "--count", counts]
                    + options,
                logPath: directory + "/link.log")
            defer { link.stop() }
            let port = try await link.waitForLog("listening on 127.0.0.1:([0-9]+)")
            let client = HTTPClient()
            defer { client.shutdown() }
            let start = ContinuousClock.now
            for _ in 0..<2 {
                let whole = try await client.send(HTTPRequest(.get, "http://127.0.0.1:\(port)/"), maxBody: 4 << 20)
                #expect(whole.body == blob)
            }
            if !options.isEmpty {
                // 4 MB at 10 MB/s; three round trips, one of them the connection's own; less the link's patience.
                #expect(ContinuousClock.now - start >= .milliseconds(400 + 60 - 20))
            }
            var seen: Counts?
            // Written ten times a second, so for a moment it may tell of the requests and not of all bytes.
            while (seen?.down ?? 0) < 4_000_000 {
                try await Task.sleep(for: .milliseconds(20))
                guard let data = FileManager.default.contents(atPath: counts) else { continue }
                seen = try JSONDecoder().decode(Counts.self, from: data)
            }
            let last = try #require(seen)
            #expect(last.connections == 1)
            #expect(last.requests == 2)
            #expect((4_000_000..<4_001_000).contains(last.down))
        }
    }
}
