internal import Policy
package import Telemetry

/// What pulls count, for whoever shows it.
package struct PullMetrics: Sendable {
    /// Pulls whose way was decided, by the decision and its first reason; `degraded` is the reason of those that the
    /// runtime made although we could not do our part: where it cannot either, the failure is not ours alone.
    package let decisions = Labelled<DecisionLabels, Counter>([.degraded]) { Counter() }
    /// Pulls that failed on our side: what a runtime answers to those passed on to it is not among them.
    package let failures = Labelled<ImageError.Code, Counter>()
    /// From the request until every layer of the image could be read.
    package let mounted = Labelled<StrategyLabel, Histogram>(.images)
    /// From the request until every layer of the image was here, as far as this process saw both.
    package let complete = Labelled<StrategyLabel, Histogram>(.images)
    /// Pulls under way.
    package let active = Gauge()

    package init() {}

    package struct DecisionLabels: MetricLabels {
        var strategy: Strategy
        var reason: Reason.Code

        init(_ decision: Decision) {
            strategy = decision.strategy
            reason = decision.reasons.first?.code ?? .noIndex
        }

        /// Shown before the first of them: an alert sees a counter that rises, not one that appears.
        static let degraded = DecisionLabels(strategy: .pull, reason: .degraded)

        private init(strategy: Strategy, reason: Reason.Code) {
            self.strategy = strategy
            self.reason = reason
        }

        package static var labelNames: [String] { StrategyLabel.labelNames + ["reason"] }
        package var labelValues: [String] { [strategy.rawValue, reason.rawValue] }
    }

    /// How a layer's bytes get here; a pull that is passed on is the runtime's to time.
    package struct StrategyLabel: MetricLabels, CaseIterable {
        var strategy: Strategy

        package static var allCases: [StrategyLabel] { Strategy.allCases.map { StrategyLabel(strategy: $0) } }
        package static var labelNames: [String] { ["strategy"] }
        package var labelValues: [String] { [strategy.rawValue] }
    }
}

extension ImageError.Code: MetricLabels {
    package static var labelNames: [String] { ["code"] }
}
