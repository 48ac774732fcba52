package import OCI

/// What is told about pods or an image: the pulls, the starts they belong to, and how the layers stand now. As JSON it travels to the command.
package struct HistoryReport: Sendable, Equatable, Codable {
    /// The newest first.
    package var pulls: [PullRecord]
    package var starts: [StartRecord]
    /// Layers of the starts, as far as they are here.
    package var layers: [LayerStanding]
    /// When this was made.
    package var now: WallTime

    package init(pulls: [PullRecord], starts: [StartRecord], layers: [LayerStanding], now: WallTime = WallTime()) {
        self.pulls = pulls
        self.starts = starts
        self.layers = layers
        self.now = now
    }

    package func start(of pull: PullRecord) -> StartRecord? { starts.first { $0.id == pull.start } }

    package func standing(of layer: Digest) -> LayerStanding? { layers.first { $0.digest == layer } }
}

/// How a layer stands now.
package struct LayerStanding: Sendable, Equatable, Codable {
    package var digest: Digest
    /// `prefetching`, `streaming`, `complete` or `poisoned`
    package var state: String
    /// Bytes of the unpacked layer: here, and all; 0 while it cannot be read yet.
    package var contentPresent: Int64
    package var contentSize: Int64
    package var segmentsPresent: Int
    package var segmentCount: Int
    /// Bytes of the blob that belong to segments that are not here.
    package var blobMissing: Int64
    /// Readers that wait now.
    package var waiting: Int
    /// Whether the kernel may read it past the daemon, so that reads are not seen.
    package var isReadPastUs: Bool
    /// What keeps it from getting on.
    package var trouble: String?
    /// Of each cell of the blob (see `LayerTally`), the part that is here, from 0 to 1; empty if nothing is known of it.
    package var presence: [Double]

    package init(
        digest: Digest, state: String, contentPresent: Int64, contentSize: Int64, segmentsPresent: Int,
        segmentCount: Int, blobMissing: Int64, waiting: Int, isReadPastUs: Bool, trouble: String?, presence: [Double]
    ) {
        self.digest = digest
        self.state = state
        self.contentPresent = contentPresent
        self.contentSize = contentSize
        self.segmentsPresent = segmentsPresent
        self.segmentCount = segmentCount
        self.blobMissing = blobMissing
        self.waiting = waiting
        self.isReadPastUs = isReadPastUs
        self.trouble = trouble
        self.presence = presence
    }
}
