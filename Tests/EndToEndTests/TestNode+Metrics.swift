import TestSupport

extension TestNode {
    /// Where a node that is configured with `metrics: {address: "127.0.0.1:0"}` serves them.
    func metricsAddress() async throws -> String {
        "127.0.0.1:" + (try await daemon.waitForLog("metrics.address=127[.]0[.]0[.]1:([0-9]+)"))
    }
}

/// What the daemon's web server at `address` answers.
func get(_ address: String, _ path: String) throws -> String {
    let answer = try Tool.check(["curl", "-sS", "--max-time", "60", "http://\(address)/\(path)"])
    return String(decoding: answer, as: UTF8.self)
}

/// The value of a series on a page of metrics, by its text up to the space.
func value(_ series: String, _ page: String) -> Double? {
    page.split(separator: "\n").first { $0.hasPrefix(series + " ") }.flatMap {
        Double($0.dropFirst(series.count + 1))
    }
}
