package import Telemetry

/// What the layer store counts, for whoever shows it.
package struct LayerMetrics: Sendable {
    /// Compressed bytes that came from sources, by what they came for; what had to be fetched again included.
    package let fetchedBytes = Labelled<TransferPriority, Counter>()
    /// Content that was not what it should be.
    package let verificationFailures = Labelled<Check, Counter>()
    /// Fills that could not get on and try again later.
    package let stalledFills = Counter()
    /// Segments that were taken off the disk to make room, and their bytes.
    package let evictedSegments = Counter()
    package let evictedBytes = Counter()

    package init() {}

    /// What content is checked by.
    package enum Check: String, MetricLabels, CaseIterable {
        /// A segment by its digest, while it arrives.
        case segment
        /// A whole blob by its digest.
        case blob
        /// A whole tar by its diffID, where the blob itself was right.
        case diffID = "diff_id"
        /// A table of contents by what it leads to: history, lengths, the diffID. A failure poisons the layer.
        case tableOfContents = "table_of_contents"
        /// What a stop left on the disk, by its checksum.
        case cached

        package static var labelNames: [String] { ["check"] }
    }
}
