package import Telemetry

/// One answer.
struct WebPage: Sendable, Equatable {
    var status = 200
    var contentType = "text/plain; charset=utf-8"
    var body: String
}

/// The pages of a node: `/metrics` for Prometheus, `/livez` and `/readyz` for probes.
package struct WebPages: Sendable {
    private let metrics: @Sendable () -> String
    private let live: @Sendable () async -> HealthReport
    private let ready: @Sendable () async -> HealthReport

    /// - Parameter metrics: the page in Prometheus's text format.
    package init(
        metrics: @escaping @Sendable () -> String, live: @escaping @Sendable () async -> HealthReport,
        ready: @escaping @Sendable () async -> HealthReport
    ) {
        self.metrics = metrics
        self.live = live
        self.ready = ready
    }

    /// - Parameter path: without its query.
    func answer(_ method: String, _ path: String) async -> WebPage {
        let page: WebPage
        switch path {
        case "/metrics", "/livez", "/readyz":
            guard method == "GET" || method == "HEAD" else {
                return WebPage(status: 405, body: "only GET and HEAD are answered\n")
            }
            page = await content(path)
        default: page = WebPage(status: 404, body: "there are /metrics, /livez and /readyz\n")
        }
        return method == "HEAD" ? WebPage(status: page.status, contentType: page.contentType, body: "") : page
    }

    private func content(_ path: String) async -> WebPage {
        if path == "/metrics" { return WebPage(contentType: MetricsPage.contentType, body: metrics()) }
        let report = path == "/livez" ? await live() : await ready()
        return WebPage(status: report.isHealthy ? 200 : 503, body: report.text(String(path.dropFirst())))
    }
}
