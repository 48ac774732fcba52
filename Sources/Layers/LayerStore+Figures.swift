internal import Synchronization
internal import Telemetry

/// How a store stands at one moment.
package struct StoreFigures: Sendable {
    /// Layers by their state.
    package var layers: [LayerProgress.State: Int] = [:]
    /// Bytes of readable layers' tars: all, and what is here of them.
    package var contentSize: Int64 = 0
    package var contentPresent: Int64 = 0
    /// Transfers that run or wait for their turn.
    package var transfers: [Transfers: Int] = [:]
    /// Decoding, hashing and writing that waits for a thread.
    package var waitingJobs = 0

    /// Transfers of one priority in one state.
    package struct Transfers: MetricLabels {
        package enum State: String, Sendable, CaseIterable { case running, waiting }

        package var priority: TransferPriority
        package var state: State

        package static var labelNames: [String] { TransferPriority.labelNames + ["state"] }
        package var labelValues: [String] { priority.labelValues + [state.rawValue] }
    }
}

extension LayerProgress.State: MetricLabels {
    package static var labelNames: [String] { ["state"] }

    package var labelValues: [String] {
        switch self {
        case .prefetching: ["prefetching"]
        case .streaming: ["streaming"]
        case .complete: ["complete"]
        case .poisoned: ["poisoned"]
        }
    }
}

extension LayerStore {
    /// Asks every layer; every state and priority is told, also those that nothing is in.
    package func figures() -> StoreFigures {
        let (layers, made) = state.withLock { (Array($0.layers.values), $0.flights.count) }
        var figures = StoreFigures()
        for state in LayerProgress.State.allCases { figures.layers[state] = 0 }
        figures.layers[.prefetching] = made
        for layer in layers {
            let progress = layer.progress
            figures.layers[progress.state, default: 0] += 1
            guard progress.state != .poisoned else { continue }
            figures.contentSize += progress.contentSize
            figures.contentPresent += progress.contentPresent
        }
        figures.transfers = parts.transfers.counts
        figures.waitingJobs = parts.bench.waitingJobs
        return figures
    }
}
