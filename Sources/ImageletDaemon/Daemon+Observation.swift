internal import Config
internal import HTTP
internal import Logging
internal import Telemetry
internal import Web

extension Daemon {
    /// What shows how the daemon is doing, as far as that is configured.
    func observation(_ page: MetricsPage, _ health: DaemonHealth, _ spans: SpanBuffer?) -> [Part] {
        var parts: [Part] = []
        if let address = configuration.metrics.address { parts.append(pages(page, health, at: address)) }
        if let endpoint = configuration.traces.endpoint, let spans {
            let export = TraceExport(
                spans: spans, endpoint: endpoint, http: HTTPClient(), logger: log.logger(.daemon))
            parts.append(Part { try await export.run() })
        }
        return parts
    }

    /// Serves metrics and health. Failing to is no reason not to serve images: it is tried again.
    private func pages(_ page: MetricsPage, _ health: DaemonHealth, at address: ListenAddress) -> Part {
        let logger = log.logger(.daemon)
        let server = WebServer(
            at: WebAddress(address),
            pages: WebPages(metrics: { page.text }, live: { await health.live }, ready: { await health.ready }))
        return Part {
            while !Task.isCancelled {
                do {
                    try await server.run { found in
                        logger.info("metrics and health at hand", metadata: ["metrics.address": "\(found)"])
                    }
                } catch {
                    logger.error(
                        "metrics and health not served; trying again",
                        metadata: ["metrics.address": "\(address)", "error": "\(error)"])
                    try await Task.sleep(for: Self.webRetryDelay)
                }
            }
        }
    }

    private static let webRetryDelay = Duration.seconds(30)
}

extension WebAddress {
    fileprivate init(_ address: ListenAddress) {
        self =
            switch address {
            case .network(let host, let port): .network(host: host, port: Int(port))
            case .socket(let path): .socket(path)
            }
    }
}
