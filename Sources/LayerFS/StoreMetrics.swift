package import FUSE
package import Telemetry

/// What the store's mount counts, for whoever shows it.
package struct StoreMetrics: Sendable {
    let session = SessionMetrics()
    /// Questions of the kernel, from their arrival to their answer.
    package var answers: Labelled<SessionMetrics.Operation, Histogram> { session.answers }
    /// Reads that were answered from what was here.
    package let hits = Counter()
    /// Reads that had to wait for bytes.
    package let misses = Counter()
    /// How long they waited, those that failed included; those whose reader went away are left out.
    package let waits = Histogram(.network)
    /// Reads that wait now.
    package let waiting = Gauge()
    /// Reads that failed with EIO.
    package let failures = Counter()

    /// Told of each wait that ended with an answer; the path is only worked out if it is asked for.
    package var waited: (@Sendable (Wait) -> Void)?

    package init() {}

    /// A read that had to wait.
    package struct Wait {
        package let slot: UInt32
        /// The file's number in the layer's tree.
        package let number: UInt32
        /// Where in the file the read began, in bytes.
        package let offset: Int64
        package let start: ContinuousClock.Instant
        package let end: ContinuousClock.Instant
        /// Whether the reader got an error.
        package let failed: Bool
        private let node: LayerNode

        init(
            _ node: LayerNode, at offset: Int64, from start: ContinuousClock.Instant, to end: ContinuousClock.Instant,
            failed: Bool
        ) {
            self.node = node
            self.offset = offset
            self.failed = failed
            number = node.number
            self.start = start
            self.end = end
            slot = node.slot
        }

        /// Of the file in its layer; searches the tree.
        package var path: String { node.path }
    }
}
