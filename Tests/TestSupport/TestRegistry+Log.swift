import Foundation

extension TestRegistry {
    /// One line of the registry's access log. The registry does not write down ranges; a `FaultyProxy` before it does.
    package struct AccessRecord: Sendable, Equatable {
        package var method: String
        /// Without query.
        package var path: String
        package var query: String?
        package var status: Int
        /// Bytes of the body that were sent.
        package var bytes: Int
    }

    /// All requests the registry has finished so far, in order. A client may see an answer a moment before it stands here: wait with
    /// `records(atLeast:)` where the number is known.
    package var records: [AccessRecord] {
        // 127.0.0.1 - - [22/Nov/2026:02:00:00 +0000] "GET /v2/a/blobs/sha256:… HTTP/1.1" 206 1024 "" "imagelet"
        let line = #/^\S+ - \S+ \[[^\]]*\] "([A-Z]+) (\S+) HTTP/[0-9.]+" ([0-9]{3}) ([0-9]+)/#.anchorsMatchLineEndings()
        return log.matches(of: line).map { match in
            let parts = match.output.2.split(separator: "?", maxSplits: 1).map(String.init)
            return AccessRecord(
                method: String(match.output.1), path: parts[0], query: parts.count > 1 ? parts[1] : nil,
                status: Int(match.output.3) ?? 0, bytes: Int(match.output.4) ?? 0)
        }
    }

    /// Waits until so many requests are written down.
    package func records(atLeast count: Int) async throws -> [AccessRecord] {
        for _ in 0..<1000 {
            let records = records
            if records.count >= count { return records }
            try await Task.sleep(for: .milliseconds(10))
        }
        throw ChildProcess.Failed(description: "fewer than \(count) requests in the registry's log")
    }
}
