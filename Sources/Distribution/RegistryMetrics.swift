package import Telemetry

/// What the registry client counts, for whoever shows it. Names of hosts and repositories are nobody's labels.
package struct RegistryMetrics: Sendable {
    /// Requests that were sent, by whom they went to and how they were answered.
    package let requests = Labelled<Request, Counter> { Counter() }
    /// From a request to the head of its answer.
    package let answers = Labelled<Destination, Histogram>(.network)
    /// Bytes of layers, by where they came from.
    package let receivedBytes = Labelled<Source, Counter>()
    /// Requests made again after a failure that may pass, the resumption of a body that broke off included.
    package let retries = Counter()
    /// Times a mirror was left aside for a while because it failed.
    package let restedMirrors = Counter()
    /// Credentials of the node that were refused, by whether a newer one was found.
    package let renewals = Labelled<Renewal, Counter>()

    package init() {}

    /// Whom a request goes to.
    package enum Destination: String, MetricLabels, CaseIterable {
        /// A registry's or a mirror's API.
        case api
        /// Where a registry redirects to.
        case storage
        case tokenServer = "token_server"

        package static var labelNames: [String] { ["destination"] }
    }

    /// A request and its answer.
    package struct Request: MetricLabels {
        var destination: Destination
        /// Nil: there was none.
        var status: Int?

        package static var labelNames: [String] { Destination.labelNames + ["code"] }

        package var labelValues: [String] {
            let code = status.map { (100...599).contains($0) ? String($0) : "invalid" } ?? "none"
            return destination.labelValues + [code]
        }
    }

    package enum Source: String, MetricLabels, CaseIterable {
        /// The registry that the image's name says.
        case registry
        case mirror
        /// Where either redirects to.
        case storage

        package static var labelNames: [String] { ["source"] }
    }

    package enum Renewal: String, MetricLabels, CaseIterable {
        case renewed
        case failed

        package static var labelNames: [String] { ["outcome"] }
    }

    /// Sends one request and notes its answer.
    /// - Parameter send: is given what it calls with the status when the head of the answer is here; never, if none came.
    func observing<Result>(
        _ destination: Destination, _ send: (_ answered: (Int) -> Void) async throws -> Result
    ) async throws -> Result {
        let start = ContinuousClock.now
        var status: Int?
        defer {
            if !Task.isCancelled || status != nil { requests[Request(destination: destination, status: status)].add() }
        }
        return try await send { code in
            status = code
            answers[destination].observe(ContinuousClock.now - start)
        }
    }
}
