import Foundation
import TestSupport
import Testing

/// What the daemon tells of itself, and whether Prometheus understands it.
@Suite("Metrics and health", .enabled(if: TestNode.isPossible, "needs root, /dev/fuse and docker-registry"))
struct MetricsTests {
    /// Runs `body` with a node that serves metrics, its address, and an image of it that streams and was read in part.
    private func withObservedNode(_ body: (TestNode, String) async throws -> Void) async throws {
        try await withTestRegistry { registry in
            try await withNode("fill: {enabled: false}\nmetrics: {address: \"127.0.0.1:0\"}") { node in
                let address = try await node.metricsAddress()
                let image = "\(registry.host)/seen:v1"
                try TestImage(layers: [.gzip(TestImage.bulk(2 << 20))]).push(to: registry, "seen")
                try node.index(image)
                try node.pull(image, "stream")
                let slot = try node.inspect(image).layers[0].slot
                _ = try Data(contentsOf: URL(fileURLWithPath: "\(node.store)/\(slot)/bulk/file3"))
                try await body(node, address)
            }
        }
    }

    @Test("A pull and a read are counted where they should be")
    func page() async throws {
        try await withObservedNode { node, address in
            // A reader may be gone before its wait is counted.
            try await eventually("the waits are counted") {
                let page = try get(address, "metrics")
                return value("imagelet_read_wait_seconds_count", page) == value("imagelet_read_misses_total", page)
                    && (value(#"imagelet_fuse_request_seconds_count{operation="read"}"#, page) ?? 0) > 0
            }
            let page = try get(address, "metrics")
            #expect(value(#"imagelet_pulls_total{strategy="stream",reason="requestedByPod"}"#, page) == 1)
            #expect(value(#"imagelet_pulls_total{strategy="pull",reason="degraded"}"#, page) == 0)
            #expect(value(#"imagelet_image_mounted_seconds_count{strategy="stream"}"#, page) == 1)
            #expect(value(#"imagelet_image_complete_seconds_count{strategy="stream"}"#, page) == 0)
            let misses = try #require(value("imagelet_read_misses_total", page))
            #expect(misses > 0)
            #expect(value("imagelet_read_wait_seconds_count", page) == misses)
            #expect(try #require(value(#"imagelet_layer_fetched_bytes_total{priority="demand"}"#, page)) > 0)
            #expect(try #require(value(#"imagelet_registry_received_bytes_total{source="registry"}"#, page)) > 0)
            #expect(try #require(value(#"imagelet_registry_requests_total{destination="api",code="206"}"#, page)) > 0)
            #expect(try #require(value(#"imagelet_fuse_request_seconds_count{operation="read"}"#, page)) > 0)
            #expect(value(#"imagelet_layers{state="streaming"}"#, page) == 1)
            #expect(value("imagelet_restart_stall_seconds", page) == 0)
            let ratio = try #require(value("imagelet_layer_filled_ratio", page))
            #expect(ratio > 0 && ratio < 1)
            #expect(try #require(value("imagelet_cache_bytes", page)) > 0)
            // Nothing of what is seen here is told: neither whose image it is nor where it lies.
            for word in ["seen", "sha256", node.directory, "v1"] { #expect(!page.contains(word), "\(word)") }
            if TestPrometheus.isInstalled {
                let check = try Tool.run(["promtool", "check", "metrics"], input: Array(page.utf8))
                #expect(check.status == 0 && check.errors == "", "\(check.errors)")
            }
            #expect(
                try get(address, "readyz") == "[+]store ok\n[+]database ok\n[+]disk ok\nreadyz check passed\n")
            #expect(try get(address, "livez") == "[+]store ok\nlivez check passed\n")
        }
    }

    @Test("A mount that is kept over a restart tells how long its readers stood still")
    func restart() async throws {
        try await withObservedNode { node, _ in
            try await node.crashAndRestart()
            let address = try await node.metricsAddress()
            try await eventually("the stall is told") {
                (value("imagelet_restart_stall_seconds", try get(address, "metrics")) ?? 0) > 0
            }
        }
    }

    @Test(
        "Every expression of dashboard and alerts is about series that a real Prometheus gets from a node",
        .enabled(if: TestPrometheus.isInstalled, "needs prometheus and promtool"))
    func prometheus() async throws {
        let monitoring = URL(fileURLWithPath: #filePath).deletingLastPathComponent()
            .appendingPathComponent("../../manifests/monitoring").standardizedFileURL.path
        try Tool.check(["promtool", "check", "rules", monitoring + "/alerts.yaml"])
        try Tool.check(["promtool", "test", "rules", monitoring + "/alerts_test.yaml"])
        try Tool.check(["promtool", "check", "config", "--syntax-only", monitoring + "/prometheus.yaml"])
        let dashboard = try Dashboard(monitoring + "/dashboard.json").expressions
        #expect(dashboard.count > 20)
        try await withObservedNode { node, address in
            let prometheus = try await TestPrometheus(
                scraping: address, rules: monitoring + "/alerts.yaml", in: node.directory)
            defer { prometheus.stop() }
            // Rates need two scrapes.
            try await eventually("two scrapes") {
                try !prometheus.series("rate(imagelet_read_hits_total[1m])").isEmpty
            }
            let rules = try prometheus.ruleExpressions()
            #expect(rules.count > 10)
            for expression in dashboard + rules {
                // Whether Prometheus can read it; alerts give nothing on a node that is well.
                _ = try prometheus.series(expression)
                for selector in Selector.all(in: expression) {
                    #expect(try !prometheus.series(selector).isEmpty, "\(selector) of \(expression)")
                }
            }
            for expression in dashboard {
                try await eventually("series of \(expression)") { try !prometheus.series(expression).isEmpty }
            }
        }
    }
}

/// The expressions of a Grafana dashboard.
private struct Dashboard {
    private struct Panels: Decodable {
        struct Panel: Decodable { var targets: [Target]? }
        struct Target: Decodable { var expr: String }
        var panels: [Panel]
    }

    /// With Grafana's variables replaced.
    let expressions: [String]

    init(_ path: String) throws {
        let panels = try JSONDecoder().decode(Panels.self, from: Data(contentsOf: URL(fileURLWithPath: path))).panels
        expressions = panels.flatMap { $0.targets ?? [] }.map { target in
            target.expr.replacingOccurrences(of: "$__rate_interval", with: "1m")
                .replacingOccurrences(of: "$instance", with: ".*")
        }
    }
}

private enum Selector {
    /// What must be there for an expression to mean anything: each metric it names, with each label it asks for.
    static func all(in expression: String) -> [String] {
        expression.matches(of: /(imagelet_[a-z_]+|up)(?:\{([^}]*)\})?/).flatMap { match in
            let labels = (match.output.2 ?? "").matches(of: /([a-z_]+)(?:=~|!=|=)"/).map { $0.output.1 }
            return ["count(\(match.output.1))"] + labels.map { "count(\(match.output.1){\($0)!=\"\"})" }
        }
            + expression.matches(of: /by \(([a-z_, ]+)\)/).flatMap { match in
                let names = expression.matches(of: /imagelet_[a-z_]+/).map { $0.output }
                return match.output.1.split(separator: ", ").map { label in
                    names.map { "count(\($0){\(label)!=\"\"})" }.joined(separator: " or ")
                }
            }
    }
}
