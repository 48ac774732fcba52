import Foundation
import TestSupport

/// Debian's Prometheus, scraping one target every second.
final class TestPrometheus: Sendable {
    private let process: ChildProcess
    private let port: UInt16

    static var isInstalled: Bool { Tool.isInstalled("prometheus") && Tool.isInstalled("promtool") }

    /// - Parameters:
    ///   - target: `host:port` of a page of metrics.
    ///   - rules: path of a file of rules.
    init(scraping target: String, rules: String, in directory: String) async throws {
        let configuration = """
            global: {scrape_interval: 1s, evaluation_interval: 1s}
            rule_files: ["\(rules)"]
            scrape_configs:
              - {job_name: imagelet, static_configs: [{targets: ["\(target)"]}]}
            """
        try configuration.write(toFile: directory + "/prometheus.yaml", atomically: true, encoding: .utf8)
        var attempt = 0
        while true {
            let free = try LoopbackServer { _ in }
            let port = free.port
            free.stop()
            let process = try ChildProcess(
                [
                    "prometheus", "--config.file=\(directory)/prometheus.yaml",
                    "--storage.tsdb.path=\(directory)/tsdb\(attempt)", "--web.listen-address=127.0.0.1:\(port)",
                ], logPath: directory + "/prometheus\(attempt).log")
            let outcome = try await process.waitForLog(
                "(ready to receive web requests|address already in use|level=error)", for: .seconds(120))
            if outcome.hasPrefix("ready") {
                (self.process, self.port) = (process, port)
                return
            }
            let log = process.log
            process.stop()
            attempt += 1
            // Somebody else was faster to take the port.
            guard log.contains("address already in use"), attempt < 5 else { throw Tool.Failure(description: log) }
        }
    }

    func stop() { process.stop() }

    struct Answer: Decodable {
        struct Content: Decodable { var result: [Element] }
        struct Element: Decodable { var metric: [String: String] }
        var status: String
        var data: Content?
        var error: String?
    }

    /// The labels of the series that an expression gives now.
    /// - Throws: if Prometheus cannot read the expression.
    func series(_ expression: String) throws -> [[String: String]] {
        let text = try get("query", ["--get", "--data-urlencode", "query=\(expression)"])
        let answer = try JSONDecoder().decode(Answer.self, from: text)
        guard let data = answer.data else {
            throw Tool.Failure(description: "\(expression): \(answer.error ?? answer.status)")
        }
        return data.result.map(\.metric)
    }

    /// The expressions of all rules it has read.
    func ruleExpressions() throws -> [String] {
        struct Rule: Decodable { var query: String }
        struct Group: Decodable { var rules: [Rule] }
        struct Groups: Decodable { var groups: [Group] }
        struct Rules: Decodable { var data: Groups }
        return try JSONDecoder().decode(Rules.self, from: get("rules", [])).data.groups.flatMap(\.rules).map(\.query)
    }

    private func get(_ path: String, _ options: [String]) throws -> Data {
        Data(
            try Tool.check(["curl", "-sS", "--max-time", "60"] + options + ["http://127.0.0.1:\(port)/api/v1/\(path)"]))
    }
}
